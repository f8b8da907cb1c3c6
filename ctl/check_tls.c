/* SPDX-License-Identifier: ISC */
/*
 * check_tls - reads the files as keys does
 *
 * A certificate that has expired is served all the same: clients complain, but
 * mail between servers goes on.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "ctl/check_tls.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/proc/tls_pair.h"

#define DAY		86400
#define SOON_DAYS	14

static bool
read_file(const char *path, struct str *out, struct str *errors)
{
	if (file_read(AT_FDCWD, path, TLS_FILE_MAX, out))
		return true;
	str_addf(errors, "%s: %s\n", path, strerror(errno));
	return false;
}

static void
check_mode(const char *path, struct str *warnings)
{
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
		str_addf(warnings, "%s: everybody on this host can read the "
		    "private key; chmod 600\n", path);
}

static void
check_time(const char *path, const X509 *x, struct str *warnings)
{
	int64_t now = clock_wall(), end = tls_cert_expires(x);

	if (end <= now)
		str_addf(warnings, "%s: the certificate expired %lld days "
		    "ago\n", path, (long long)((now - end) / DAY));
	else if (end - now < (int64_t)SOON_DAYS * DAY)
		str_addf(warnings, "%s: the certificate expires in %lld days\n",
		    path, (long long)((end - now) / DAY));
	if (tls_cert_begins(x) > now)
		str_addf(warnings, "%s: the certificate is not valid yet\n",
		    path);
}

static void
check_pair(const char *cert, const char *key, struct str *errors,
    struct str *warnings)
{
	struct str cert_text = { 0 }, key_text = { 0 };
	struct tls_pair p;
	struct why w;

	check_mode(key, warnings);
	if (read_file(cert, &cert_text, errors) &&
	    read_file(key, &key_text, errors)) {
		if (tls_pair_read(&p, str_view(&cert_text),
			str_view(&key_text), &w)) {
			check_time(cert, sk_X509_value(p.chain, 0), warnings);
			tls_pair_free(&p);
		} else {
			str_addf(errors, "%s, %s: %s\n", cert, key, w.text);
		}
	}
	str_free(&cert_text);
	str_wipe(&key_text);
	str_free(&key_text);
}

static void
check_authorities(const char *path, struct str *errors)
{
	STACK_OF(X509) *chain = NULL;
	struct str text = { 0 };
	struct why w;

	if (read_file(path, &text, errors)) {
		chain = tls_chain_read(str_view(&text), &w);
		if (chain == NULL)
			str_addf(errors, "%s: %s\n", path, w.text);
		else if (tls_chain_octets(chain) > TLS_CA_MAX)
			str_addf(errors, "%s: there are too many authorities "
			    "in it\n", path);
	}
	tls_chain_free(&chain);
	str_free(&text);
}

void
check_tls(const struct settings *s, struct str *errors, struct str *warnings)
{
	for (size_t i = 0; i < s->tls_cert.n && i < s->tls_key.n; i++)
		check_pair(s->tls_cert.word[i].p, s->tls_key.word[i].p, errors,
		    warnings);
	if (s->tls_client_ca[0] != '\0')
		check_authorities(s->tls_client_ca, errors);
}
