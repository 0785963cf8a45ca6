/* smtpput: see smtpput(1). */
#include "tools/program.h"
#include "tools/put.h"

static const char help[] =
	"usage: smtpput [options] FILE\n"
	"Takes the messages of FILE into the mailboxes and the mailbag of a postoffice.\n"
	"  -dPATH         the postoffice (.)\n"
	"  -f0 -f1 -f2    lines end with CR, LF, CR LF; found by itself when not given\n"
	"  -h             Extended form (is understood in any case)\n"
	"  -j             unwrap encapsulated messages\n"
	"  -k, -md        leave FILE as it is\n"
	"  -lFILE         log\n"
	"  -mr            add a line a message to PATH/log/RECV.LOG\n"
	"  -nN            messages at most, 1 to 50; all when not given\n"
	"  -pN            only of priority N, 1 to 5, or above; others stay\n"
	"  --charset=NAME what FILE is written in (cp437)\n"
	"  --leave        no mailbox: append to FILE.left, for another program\n"
	"  --here         every recipient has a mailbox here: nothing for the mailbag\n"
	"  --help, --version (-ver)\n";

int main(int argc, char **argv)
{
	return program_main(argc, argv, "smtpput", help, put_run);
}
