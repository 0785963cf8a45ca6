/* The table of commands: see commands.h. Only what works stands here. */
#include "daemon/commands.h"

static const unsigned char none[] = {OPTION_END};
static const unsigned char run_options[] = {OPT_DAEMON, OPT_PIDFILE, OPTION_END};
static const unsigned char config_options[] = {OPT_CHANGED, OPTION_END};
static const unsigned char json_option[] = {OPT_JSON, OPTION_END};
static const unsigned char route_options[] = {OPT_FROM, OPT_CLIENT, OPTION_END};
static const unsigned char queue_options[] = {OPT_FROM, OPT_TO,   OPT_ROUTE, OPT_ERROR,
					      OPT_ALL,  OPT_JSON, OPTION_END};
static const unsigned char history_options[] = {OPT_SINCE,  OPT_UNTIL, OPT_FROM, OPT_TO,
						OPT_CLIENT, OPT_JSON,  OPT_CSV,  OPTION_END};
static const unsigned char status_options[] = {OPT_JSON, OPT_CHECK, OPTION_END};
static const unsigned char send_options[] = {
	OPT_HEADERS, OPT_IGNORE_DOT, OPT_SENDER,  OPT_SENDER_OLD, OPT_NAME,
	OPT_OLD,     OPT_MODE,       OPT_QUEUE,   OPT_BODY,       OPT_NOTIFY,
	OPT_RETURN,  OPT_ENVID,      OPT_VERBOSE, OPT_GATEWAY,    OPT_SETTING,
	OPT_TAG,     OPT_ASWHO,      OPT_HOPS,    OPTION_END};

static const unsigned char test_mail_options[] = {OPT_SENDER, OPT_LISTENER, OPT_CLIENT, OPT_JSON,
						  OPTION_END};
static const unsigned char torture_options[] = {OPT_SPOOL, OPT_KILLS, OPTION_END};
static const unsigned char user_options[] = {OPT_LISTENER, OPTION_END};

const struct command commands[] = {
	{"run", "[--daemon] [--pidfile FILE]", "run the gateway",
	 "Runs the gateway in the foreground. With --daemon it goes to the background, and\n"
	 "the command ends when the gateway has started, with the status of the start.\n"
	 "SIGTERM stops it, a second one at once; SIGHUP reloads; SIGUSR1 tries all mail now.\n",
	 run_options, 0, 0, false, cmd_run},
	{"setup", "", "ask for a first configuration and write it",
	 "Asks for name, address, networks, local mail, and the way out: Microsoft 365, Gmail,\n"
	 "another server, MX or none. Each answer is tried: whether it can be listened on, "
	 "whether\n"
	 "the server is reached, shows a good certificate and takes the password. Says what is\n"
	 "to be done at the provider, and writes the file after the last answer. Answers may\n"
	 "come by a pipe, one a line. Settings that are there are kept as FILE.old.\n",
	 none, 0, 0, false, cmd_setup},
	{"check", "", "report every fault of the configuration",
	 "Prints every fault with file and line, and whether the TCP/IP of each vendor that\n"
	 "is required could be started here. Changes nothing. Exit status 0 or 78.\n",
	 none, 0, 0, false, cmd_check},
	{"config", "[SECTION] [-n]", "print every key in force with value and origin",
	 "SECTION is named as in the file: gateway, listen lan. Secrets show as ***. Keys of a\n"
	 "vendor's module are listed as well, with what each is for.\n",
	 config_options, 0, 2, false, cmd_config},
	{"vendors", "[--json]", "list each transport found",
	 "Lists the five vendors of the original and every other module in the plugin\n"
	 "folders: code, vendor, provider, state on this machine, file.\n",
	 json_option, 0, 0, false, cmd_vendors},
	{"probe", "[NAME]", "diagnose one TCP/IP layer by layer",
	 "Looks at [vendor NAME], or at the vendor of [gateway]: module, settings, provider,\n"
	 "start, own addresses, greeting of the smart hosts that are reached over it. Stops\n"
	 "at the layer that fails and says what to do; 123 when the TCP/IP cannot be started.\n",
	 none, 0, 1, false, cmd_probe},
	{"route", "ADDRESS... [--from A] [--client IP]",
	 "say what would happen to mail for an address, and why",
	 "Says which postoffice or route takes each address, and whether each listener takes\n"
	 "it from the client (default 127.0.0.1). Nothing is sent; no gateway need run.\n",
	 route_options, 1, -1, false, cmd_route},
	{"mailbox", "list | add ADDRESS...", "list and make mailboxes of postoffices",
	 "list     each mailbox: address, folder, new messages\n"
	 "add      makes a mailbox, for the user that the gateway runs as; a name without a\n"
	 "         domain is of the only postoffice\n"
	 "No gateway need run.\n",
	 none, 1, -1, false, cmd_mailbox},
	{"queue", "list|show|hold|release|remove|retry|flush [ID...]",
	 "look at and act on mail that waits",
	 "list     what waits or is held: ID, size, age, sender, recipients, state, reason\n"
	 "show     one message: why it is where it is, what happens next and when\n"
	 "hold     keeps messages until they are released\n"
	 "release  lets held messages go, now\n"
	 "remove   takes messages out of the queue; their senders are not told\n"
	 "retry    makes messages due now, whether their destinations rest or not\n"
	 "flush    the same; by itself: all mail\n"
	 "IDs (m42 or 42) and filters choose messages. All but list and flush need some,\n"
	 "or --all.\n",
	 queue_options, 1, -1, true, cmd_queue},
	{"history", "[ID] [--since T] [--until T] | verify [LINK]",
	 "list what was taken and what became of it",
	 "T is a time ago (2h, 5d), a day (2026-11-23), a moment (2026-11-23T10:00), today,\n"
	 "yesterday or now. With an ID: every recipient and every attempt.\n"
	 "verify checks the chain of hashes that every message and attempt is part of: a row\n"
	 "that was removed or changed is named. LINK is one that verify printed earlier.\n",
	 history_options, 0, 2, true, cmd_history},
	{"status", "[--json] [--check]", "show the gateway's state",
	 "Transports, listeners, destinations, the queue and its sums, and the clients that were\n"
	 "refused in the last day, each with the lines of the ini that would admit it.\n",
	 status_options, 0, 0, true, cmd_status},
	{"user", "add|remove|list|test [NAME]", "say who may log in",
	 "add     adds NAME or gives a new password, which is read from standard input\n"
	 "remove  takes NAME away\n"
	 "list    prints the names\n"
	 "test    reads a password from standard input and says whether it is right\n"
	 "No gateway need run; one that runs takes changes with `smtpgate reload`.\n",
	 user_options, 1, 2, false, cmd_user},
	{"backup", "FILE", "copy the spool of the running gateway into a file",
	 "Mail goes on meanwhile. The file is a tar archive: the database as it was at the end,\n"
	 "and the large bodies. Of a gateway that is stopped the spool's folder is the backup.\n",
	 none, 1, 1, true, cmd_backup},
	{"restore", "FILE", "make a spool of a backup",
	 "The gateway has to be stopped, and its spool moved away. The new one comes up held:\n"
	 "what was delivered since the backup would be delivered again. Look with queue list,\n"
	 "remove what is not wanted, and let the rest go with queue release --all.\n",
	 none, 1, 1, false, cmd_restore},
	{"torture", "--spool DIR [--kills N]", "try whether a disk keeps what was answered",
	 "Takes mail into a spool of its own in a new folder in DIR, kills it in the midst by\n"
	 "SIGKILL, opens it again and looks whether all that was answered is there, once and\n"
	 "whole; says how long a sync takes. Removes the folder. No gateway need run, and one\n"
	 "that runs is not touched. Exit status 1 when something was lost.\n",
	 torture_options, 0, 0, false, cmd_torture},
	{"oauth", "login|status|test [NAME]", "log in for access tokens, and look at them",
	 "login   gets the first tokens of [oauth NAME]: by a code that a person enters at the\n"
	 "        provider, by a refresh token from standard input, or as the application\n"
	 "status  when the tokens and the certificate end\n"
	 "test    fetches a token now, or says what is wrong\n"
	 "Tokens go into its token_file and are never printed. No gateway need run.\n",
	 none, 1, 2, false, cmd_oauth},
	{"reload", "", "read the configuration again",
	 "Takes all that a reload may change, without dropping a session, or nothing; then\n"
	 "it says why.\n",
	 none, 0, 0, true, cmd_reload},
	{"stop", "", "stop the gateway",
	 "Ends when the gateway has ended: what is being written is finished first.\n", none, 0, 0,
	 true, cmd_stop},
	{"send", "[-t] [-i] [-f SENDER] [ADDRESS...]", "submit a message from standard input",
	 "Writes the message, synced, into the spool; no gateway need run. Adds Date, From\n"
	 "and Message-ID where they are missing and removes Bcc. This is also sendmail; under\n"
	 "the name mailq the program lists the queue, under newaliases it checks the aliases.\n",
	 send_options, 0, -1, false, cmd_send},
	{"test-mail", "ADDRESS [-f SENDER] [--listener NAME] [--client IP] [--json]",
	 "send one message through and tell its story",
	 "Sends a message through the running gateway, as `send` does, and waits until it is\n"
	 "delivered (exit status 0), put off or held (75) or refused (1); then tells what\n"
	 "`queue show` tells of it: the rule, each attempt, the server's words, what is next.\n"
	 "With --listener and --client it goes the way of mail that came in so.\n",
	 test_mail_options, 1, 1, true, cmd_test_mail},
	{"help", "[COMMAND]", "say what a command does", "", none, 0, 1, false, cmd_help},
	{0},
};
