/* Beds that are a program each, as one after another they would take minutes: BED names that of the program. */
#ifndef SMTPGATE_CONFORMANCE_ONE_BED_H
#define SMTPGATE_CONFORMANCE_ONE_BED_H

#include "conformance/check.h"

conformance_bed_fn ftp_kernel_bed, ftp_twin_bed, ftp_user_bed;
conformance_bed_fn win_kernel_bed, win_twin_bed, win_user_bed;

#endif
