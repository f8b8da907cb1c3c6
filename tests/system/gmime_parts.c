/* SPDX-License-Identifier: ISC */
/*
 * gmime_parts - what GMime makes of a message, for test_imap_mime.py
 *
 * Reads a message from standard input and writes a line for each part that is
 * no multipart, with its IMAP section number, then one for each address. The
 * fields of a line are divided by tabs. The test compiles this by itself, if
 * libgmime-3.0-dev is there.
 */
#include <gmime/gmime.h>
#include <stdio.h>

static void
field(const char *text)
{
	printf("\t%s", text ? text : "");
}

static void
content(GMimePart *part)
{
	GMimeDataWrapper *data = g_mime_part_get_content(part);
	GMimeStream *all = g_mime_stream_mem_new();
	GByteArray *octets;
	char *sum;

	if (data != NULL)
		g_mime_stream_write_to_stream(
		    g_mime_data_wrapper_get_stream(data), all);
	octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(all));
	sum = g_compute_checksum_for_data(G_CHECKSUM_MD5, octets->data,
	    octets->len);
	printf("\t%u\t%s", octets->len, sum);
	g_free(sum);
	g_object_unref(all);
}

static void show(GMimeObject *o, const char *path);

static void
show_children(GMimeMultipart *m, const char *path)
{
	for (int i = 0; i < g_mime_multipart_get_count(m); i++) {
		char *below = g_strdup_printf("%s%s%d", path,
		    *path ? "." : "", i + 1);

		show(g_mime_multipart_get_part(m, i), below);
		g_free(below);
	}
}

static void
show_body(GMimeObject *o, const char *path)
{
	char *only = g_strdup_printf("%s%s1", path, *path ? "." : "");

	if (GMIME_IS_MULTIPART(o))
		show_children(GMIME_MULTIPART(o), path);
	else if (o != NULL)
		show(o, only);
	g_free(only);
}

static void
show_fields(GMimeObject *o, const char *path)
{
	GMimeContentType *type = g_mime_object_get_content_type(o);
	char *name = g_mime_content_type_get_mime_type(type);

	printf("part\t%s", path);
	field(name);
	field(g_mime_content_type_get_parameter(type, "charset"));
	field(g_mime_content_type_get_parameter(type, "name"));
	field(g_mime_object_get_disposition(o));
	field(g_mime_object_get_content_disposition_parameter(o, "filename"));
	field(g_mime_object_get_content_id(o));
	g_free(name);
}

static void
show(GMimeObject *o, const char *path)
{
	if (GMIME_IS_MULTIPART(o)) {
		show_children(GMIME_MULTIPART(o), path);
		return;
	}
	show_fields(o, path);
	if (GMIME_IS_PART(o))
		content(GMIME_PART(o));
	printf("\n");
	if (GMIME_IS_MESSAGE_PART(o))
		show_body(g_mime_message_get_mime_part(
		    g_mime_message_part_get_message(GMIME_MESSAGE_PART(o))),
		    path);
}

static void
show_addresses(const char *kind, InternetAddressList *list)
{
	int n = list ? internet_address_list_length(list) : 0;

	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list,
		    i);

		if (INTERNET_ADDRESS_IS_GROUP(a)) {
			show_addresses(kind, internet_address_group_get_members(
			    INTERNET_ADDRESS_GROUP(a)));
			continue;
		}
		printf("%s\t%s\t%s\n", kind, internet_address_mailbox_get_addr(
		    INTERNET_ADDRESS_MAILBOX(a)),
		    internet_address_get_name(a) ?: "");
	}
}

int
main(void)
{
	static const char *const kinds[] = { "from", "to", "cc", "bcc" };
	static const GMimeAddressType types[] = { GMIME_ADDRESS_TYPE_FROM,
		GMIME_ADDRESS_TYPE_TO, GMIME_ADDRESS_TYPE_CC,
		GMIME_ADDRESS_TYPE_BCC };
	GMimeStream *in;
	GMimeMessage *m;

	g_mime_init();
	in = g_mime_stream_pipe_new(0);
	m = g_mime_parser_construct_message(
	    g_mime_parser_new_with_stream(in), NULL);
	if (m == NULL)
		return 1;
	show_body(g_mime_message_get_mime_part(m), "");
	for (int i = 0; i < 4; i++)
		show_addresses(kinds[i], g_mime_message_get_addresses(m,
		    types[i]));
	return 0;
}
