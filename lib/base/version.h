/* SPDX-License-Identifier: ISC */
/*
 * version - what this software calls itself
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define POSTHOUSE_VERSION "0.1"

#endif
