/*
 * What every server of this bench does on a connection, chosen by the first byte that comes:
 *
 *	E  all that comes is sent back (requests of 64 bytes, one at a time)
 *	I  all that comes is thrown away; the end is answered by the end
 *	O  as many bytes as the server was told to are sent, then the end
 */
#ifndef SMTPGATE_BENCH_SERVICE_H
#define SMTPGATE_BENCH_SERVICE_H

#define SERVICE_REQUEST 64u   /* bytes of a request and of its answer */
#define SERVICE_PIECE 65536u  /* bytes of one send of the bulk out, and of one read of the load */
#define SERVICE_SESSIONS 1024 /* at once, at most */

#endif
