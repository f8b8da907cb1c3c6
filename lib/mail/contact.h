/* SPDX-License-Identifier: ISC */
/*
 * contact - what a transaction with the next host told about that host
 */
#ifndef MAIL_CONTACT_H
#define MAIL_CONTACT_H

/* As the message sent has it. */
enum contact {
	CONTACT_TALKED = 2,	/* it answers, whatever it says to the mail */
	CONTACT_UNTRIED = 3,	/* nobody was asked: nothing is learnt */
	CONTACT_FAILED = 4,	/* no host of it could be reached, or wanted us */
	CONTACT_NOWHERE = 5	/* there is no such destination */
};

#endif
