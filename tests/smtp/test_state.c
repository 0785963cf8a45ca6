/* smtp/state: every pair of state and event. */
#include "smtp/state.h"
#include "support/suite.h"

START_TEST(every_pair)
{
	enum {
		G = SMTP_GREETED,
		R = SMTP_READY,
		M = SMTP_MAIL,
		T = SMTP_RCPT,
		D = SMTP_DATA,
		C = SMTP_CHUNKS,
		S = SMTP_SECURING,
		E = SMTP_ENDING
	};
	static const int after[SMTP_STATE_COUNT][SMTP_EVENT_COUNT] = {
		/*            HELLO MAIL RCPT DATA CHUNK RESET END STARTTLS SECURED CLOSE */
		[SMTP_GREETED] = {R, G, G, G, G, G, G, G, G, E},
		[SMTP_READY] = {R, M, R, R, R, R, R, S, R, E},
		[SMTP_MAIL] = {R, M, T, M, M, R, M, M, M, E},
		[SMTP_RCPT] = {R, T, T, D, C, R, T, T, T, E},
		[SMTP_DATA] = {D, D, D, D, D, D, R, D, D, E},
		[SMTP_CHUNKS] = {R, C, C, C, C, R, R, C, C, E},
		[SMTP_SECURING] = {S, S, S, S, S, S, S, S, G, E},
		[SMTP_ENDING] = {E, E, E, E, E, E, E, E, E, E},
	};
	for (int state = 0; state < SMTP_STATE_COUNT; state++)
		for (int event = 0; event < SMTP_EVENT_COUNT; event++)
			ck_assert_int_eq((int)smtp_state_after((enum smtp_state)state,
							       (enum smtp_event)event),
					 after[state][event]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/state");
	SUITE_CASE(s, "rows", every_pair);
	return s;
}
SUITE_MAIN(suite)
