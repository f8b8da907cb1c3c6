/* SPDX-License-Identifier: ISC */
/*
 * tls_report - a row of tls_commands
 */
#ifndef CTL_TLS_REPORT_H
#define CTL_TLS_REPORT_H

#include "ctl/ctl.h"

int tls_report(struct ctl *ctl);

#endif
