/* Devices of a private network by rtnetlink and ioctl. Linked into the helper alone. Functions return 0 or an errno. */
#ifndef SMTPGATE_NVL_DEVICE_H
#define SMTPGATE_NVL_DEVICE_H

#include "nvl/nvl_talk.h"

/* An rtnetlink socket of the namespace that this process is in; -errno. */
int nvl_device_open(void);
/* Brings a device up; mac NULL and mtu 0: as it is. */
int nvl_device_up(int netlink, int index, const uint8_t *mac, uint32_t mtu);
/* Gives a device an address. It can be used at once: conflicts are not waited for. */
int nvl_device_address(int netlink, int index, const struct nvl_cidr *address);
/* Sends what is for no network of our own to the gateway. */
int nvl_device_gateway(int netlink, int index, const struct nvl_cidr *gateway);

/* Makes the TAP device NVL_DEVICE with NVL_DEVICE_INDEX. Returns its descriptor (nonblocking, close-on-exec), or -1 with
 * why it is refused. The device ends with the descriptor. */
int nvl_device_tap(struct nvl_word *why);

/* A socket that becomes readable when a device changes; -errno. */
int nvl_device_watch(void);
/* Reads what changed. false: the device is gone or down. */
bool nvl_device_is_up(int watch, int index);

#endif
