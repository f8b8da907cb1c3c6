/* SPDX-License-Identifier: ISC */
/*
 * quickstart - a new site
 */
#ifndef CTL_QUICKSTART_H
#define CTL_QUICKSTART_H

#include "ctl/ctl.h"

/* `posthouse quickstart` */
int quickstart(struct ctl *ctl);

#endif
