/* SPDX-License-Identifier: ISC */
/*
 * role - the names of the roles
 */
#include "lib/proc/role.h"

static const char *const names[] = {
#define ROLE(name, NAME) #name,
	ROLES
#undef ROLE
};

const char *
role_name(unsigned role)
{
	for (unsigned i = 0; i < nitems(names); i++)
		if (role == 1u << i)
			return names[i];
	return "nobody";
}

