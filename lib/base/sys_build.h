/* SPDX-License-Identifier: ISC */
/*
 * sys_build - what kind of build this is
 *
 * Sanitizers and coverage need larger stacks, and system calls that a confined
 * program has no other use for. The rest of the code asks these constants
 * instead of the preprocessor.
 */
#ifndef BASE_SYS_BUILD_H
#define BASE_SYS_BUILD_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BUILD_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define BUILD_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(BUILD_ASAN)
#define BUILD_ASAN 1
#endif
#ifndef BUILD_ASAN
#define BUILD_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) && !defined(BUILD_TSAN)
#define BUILD_TSAN 1
#endif
#ifndef BUILD_TSAN
#define BUILD_TSAN 0
#endif

/* -DBUILD_COVERAGE=1: counters are written to files at exit */
#ifndef BUILD_COVERAGE
#define BUILD_COVERAGE 0
#endif

#define BUILD_INSTRUMENTED (BUILD_ASAN || BUILD_TSAN || BUILD_COVERAGE)

#endif
