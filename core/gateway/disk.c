/* Disk room and queue length as reasons to refuse: see disk.h. */
#include "gateway/disk.h"

#include <sys/statvfs.h>

void disk_look(struct gateway *g)
{
	struct statvfs fs;
	if (statvfs(g->settings->gateway.spool, &fs) == 0)
		atomic_store(&g->disk_free, (uint64_t)fs.f_bavail * fs.f_frsize);
}

const char *disk_refuses(struct gateway *g, const struct settings *s, enum mail_priority priority,
			 uint64_t size)
{
	uint64_t room = atomic_load(&g->disk_free);
	uint64_t keep = priority == MAIL_URGENT ? s->queue.disk_min_urgent : s->queue.disk_min;
	if (room < keep || room - keep < size)
		return "Too little disk space, try again later";
	if (s->queue.max_messages && atomic_load(&g->live) >= s->queue.max_messages)
		return "The queue is full, try again later";
	return NULL;
}
