/* lwIP's headers in one place: they are held to their own warnings, not to ours. */
#ifndef SMTPGATE_FTP_LWIP_H
#define SMTPGATE_FTP_LWIP_H

#pragma GCC system_header

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>
#include <netif/ethernet.h>

#endif
