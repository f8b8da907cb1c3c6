/* SPDX-License-Identifier: ISC */
/*
 * certificate - certificates for first steps
 */
#ifndef CTL_CERTIFICATE_H
#define CTL_CERTIFICATE_H

#include "ctl/ctl.h"

/* `posthouse tls self-signed` */
int certificate_self_signed(struct ctl *ctl);

#endif
