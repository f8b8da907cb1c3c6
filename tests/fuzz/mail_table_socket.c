/* SPDX-License-Identifier: ISC */
/*
 * mail_table_socket - any octets as an answer of either protocol, whole and as
 * they come
 */
#include "lib/mail/table_socket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_as(enum table_protocol protocol, struct view octets)
{
	struct str whole = { 0 }, part = { 0 };
	size_t used = 0, used_part = 0;
	enum table_said said = table_socket_read(protocol, octets, &used,
	    &whole), first = TABLE_SAID_PART;

	for (size_t n = 1; n <= octets.n && first == TABLE_SAID_PART; n++) {
		str_reset(&part);
		first = table_socket_read(protocol,
		    view_bytes(octets.p, n), &used_part, &part);
	}
	must(first == said && view_eq(str_view(&part), str_view(&whole)));
	must(whole.n <= TABLE_SOCKET_MOST);
	if (said == TABLE_SAID_VALUE)
		must(whole.n > 0 && used <= octets.n && used == used_part);
	str_free(&whole);
	str_free(&part);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view octets = view_bytes(data, size < 5000 ? size : 5000);

	read_as(TABLE_SOCKETMAP, octets);
	read_as(TABLE_TCP, octets);
	return 0;
}
