/* Prints a sample report, "sender" or "operator", for test_report_python.sh. */
#include "mail/report_sample.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct buf out;
	struct mail_report r =
		sample_report(sample_rcpts, sizeof sample_rcpts / sizeof *sample_rcpts);
	if (argc > 1 && strcmp(argv[1], "operator") == 0) {
		r.to_operator = true;
		r.to = "postmaster@company.com";
		r.sender = "";
		r.original_size = 1u << 30; /* of which only the first bytes are at hand */
	}
	buf_init(&out, 0);
	if (mail_report_format(&out, &r) != OK ||
	    fwrite(buf_head(&out), 1, out.len, stdout) != out.len)
		return 1;
	buf_free(&out);
	return 0;
}
