/* SPDX-License-Identifier: ISC */
/*
 * sys_context - switching stacks
 *
 * What makecontext and swapcontext do, without the signal-mask system call
 * that glibc's swapcontext makes at every switch. Hand-written for x86-64 and
 * AArch64; other machines use ucontext. AddressSanitizer and ThreadSanitizer
 * are told about every switch.
 */
#ifndef BASE_SYS_CONTEXT_H
#define BASE_SYS_CONTEXT_H

#include <stddef.h>

struct context {
	void *sp;		/* saved stack pointer, or a ucontext_t */
	void *stack;		/* lowest address; NULL for the thread's own */
	size_t size;
	void *fake;		/* AddressSanitizer's */
	void *thread;		/* ThreadSanitizer's: a fiber is one to it */
};

/* Prepare c to run fn() on the stack at its first switch. fn never returns. */
void context_init(struct context *c, void *stack, size_t size,
    void (*fn)(void));
/* Save the present state into from and continue to. last: from will never be
 * continued. */
void context_switch(struct context *from, struct context *to, int last);
/* To be called first in fn: the context that was switched from. */
void context_entered(struct context *self, struct context *from);
void context_free(struct context *c);

/* Stack that a fiber needs in this build, and what is used of it. */
size_t context_stack_size(void);

#endif
