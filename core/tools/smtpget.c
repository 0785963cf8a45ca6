/* smtpget: see smtpget(1). */
#include "tools/get.h"
#include "tools/program.h"

static const char help[] =
	"usage: smtpget [options] FILE\n"
	"Moves messages out of the mailbag of a postoffice into FILE.\n"
	"  -dPATH         the postoffice (.)\n"
	"  -f0 -f1 -f2    lines end with CR (the default), LF, CR LF\n"
	"  -h             Extended form, with CC and EXT\n"
	"  -j             encapsulate messages for other postoffices\n"
	"  -k, -md        leave them in the mailbag\n"
	"  -lFILE         log\n"
	"  -ms            add a line a message to PATH/log/SENT.LOG\n"
	"  -nN            messages at most, 1 to 50 (50)\n"
	"  -pN            only of priority N, 1 to 5, or above\n"
	"  -yyy -yyn -yny -ynn    text, then attachments, in files of their own\n"
	"  --help, --version (-ver)\n";

int main(int argc, char **argv)
{
	return program_main(argc, argv, "smtpget", help, get_run);
}
