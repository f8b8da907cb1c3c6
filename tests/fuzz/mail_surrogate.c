/* SPDX-License-Identifier: ISC */
/*
 * mail_surrogate - what comes out is an ASCII header of the same message
 */
#include "lib/mail/header.h"
#include "lib/mail/surrogate.h"
#include "lib/mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view header = view_bytes(data, size);
	struct str out = { 0 };

	header.n = header_size(header);
	if (!surrogate_needed(header))
		return 0;
	surrogate_header(&out, header);
	must(utf8_is_ascii(str_view(&out)));
	must(header_size(str_view(&out)) == out.n);
	str_free(&out);
	return 0;
}
