/* SPDX-License-Identifier: ISC */
/*
 * trace_json - a story as an object: its events with all that they say
 *
 * Names are those of the table in lib/mail/event.h; times are seconds since
 * 1970 with a fraction.
 */
#include "ctl/trace.h"
#include "lib/mail/spool.h"
#include "lib/proc/message.h"

static const char *const kinds[EVENT_KINDS] = {
	[EVENT_REFUSED] = "refused",
	[EVENT_ACCEPTED] = "accepted",
	[EVENT_RECIPIENTS] = "recipients",
	[EVENT_WRITTEN] = "report",
	[EVENT_VERDICT] = "verdict",
	[EVENT_FINISHED] = "finished",
	[EVENT_CHANGED] = "changed",
	[EVENT_TLS] = "tls",
};

static json_t *
json_id(uint64_t mail)
{
	char id[SPOOL_ID_SIZE];

	return mail != 0 ? json_string(spool_id(mail, id)) : json_null();
}

static json_t *
json_list(struct view list)
{
	json_t *all = json_array();
	struct view one;

	while (list_next(&list, &one))
		json_array_append_new(all, output_text(one));
	return all;
}

static json_t *
json_seconds(int64_t us)
{
	return json_real((double)us / 1e6);
}

static json_t *
json_field(const struct event *e, enum event_field field)
{
	switch (event_infos[field].form) {
	case EVENT_LIST:
		return json_list(e->text[field]);
	case EVENT_MAIL:
		return json_id(event_number(e, field));
	case EVENT_NUMBER:
		if (field == EVENT_began)
			return json_seconds((int64_t)event_number(e, field));
		return json_integer((json_int_t)event_number(e, field));
	default:
		return output_text(e->text[field]);
	}
}

static json_t *
json_event(const struct event *e)
{
	json_t *j = json_object();

	json_object_set_new(j, "at", json_seconds(e->at));
	json_object_set_new(j, "event", json_string(kinds[e->kind]));
	for (size_t i = 0; i < EVENT_FIELD_COUNT; i++)
		if (e->text[i].n > 0)
			json_object_set_new(j, event_infos[i].name,
			    json_field(e, (enum event_field)i));
	if (e->kind == EVENT_WRITTEN)
		json_object_set_new(j, "report", json_id(e->mail));
	return j;
}

json_t *
trace_json(const struct story *s)
{
	const struct event *head = story_event(s, EVENT_ACCEPTED);
	json_t *events = json_array();

	if (head == NULL)
		head = s->scenes->event;
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(events, json_event(s->scenes[i].event));
	return json_pack("{s:o, s:s, s:o, s:o, s:o}", "mail",
	    json_id(s->mail), "state", story_state(s), "sender",
	    output_text(head->text[EVENT_sender]), "message_id",
	    output_text(head->text[EVENT_message_id]), "events", events);
}
