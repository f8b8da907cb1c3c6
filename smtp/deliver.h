/* SPDX-License-Identifier: ISC */
/*
 * deliver - a job from host to host until all its recipients are settled
 */
#ifndef SMTP_DELIVER_H
#define SMTP_DELIVER_H

#include "smtp/job.h"

/* In the job's own fiber. Every recipient is settled when it returns, unless the
 * fiber was cancelled. */
void deliver_job(struct job *j);

#endif
