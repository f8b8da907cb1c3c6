/* SPDX-License-Identifier: ISC */
/*
 * certificate - a self-signed one and its key, written beside the settings
 *
 * Nobody else trusts it, but everything works with it. Files that exist stay as
 * they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "ctl/certificate.h"
#include "lib/base/file.h"

#define DAYS		3650
#define DAY		86400

static bool
add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX c;
	X509_EXTENSION *e;
	bool fine;

	X509V3_set_ctx(&c, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	fine = e != NULL && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return fine;
}

static bool
name_it(X509 *x, int names, const char **name)
{
	X509_NAME *subject = X509_get_subject_name(x);
	struct str alt = { 0 };
	bool fine;

	for (int i = 0; i < names; i++)
		str_addf(&alt, "%sDNS:%s", i > 0 ? "," : "", name[i]);
	fine = X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
		   (const unsigned char *)name[0], -1, -1, 0) == 1 &&
	    X509_set_issuer_name(x, subject) == 1 &&
	    add_extension(x, NID_subject_alt_name, str_c(&alt)) &&
	    add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(x, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(x, NID_ext_key_usage, "serverAuth");
	str_free(&alt);
	return fine;
}

static X509 *
make_certificate(EVP_PKEY *key, int names, const char **name)
{
	X509 *x = X509_new();
	uint64_t serial = 0;

	must(x != NULL && RAND_bytes((unsigned char *)&serial,
			      sizeof(serial)) == 1);
	if (X509_set_version(x, 2) == 1 &&
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x),
		serial >> 1 | 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -DAY) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(x), (long)DAYS * DAY) != NULL &&
	    X509_set_pubkey(x, key) == 1 && name_it(x, names, name) &&
	    X509_sign(x, key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

/* A new file; one that exists stays as it is. */
static bool
write_new(const char *path, mode_t mode, BIO *pem)
{
	char *p;
	long n = BIO_get_mem_data(pem, &p);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool fine = fd >= 0 && file_write_all(fd, view_bytes(p, (size_t)n)) &&
	    fsync(fd) == 0;

	if (!fine)
		ctl_fail(0, "cannot write %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return fine;
}

static int
write_pair(const char *cert, const char *key_path, X509 *x, EVP_PKEY *key)
{
	BIO *out_key = BIO_new(BIO_s_secmem()), *out = BIO_new(BIO_s_mem());
	bool fine;

	must(out_key != NULL && out != NULL);
	fine = PEM_write_bio_PrivateKey(out_key, key, NULL, NULL, 0, NULL,
		   NULL) == 1 && PEM_write_bio_X509(out, x) == 1 &&
	    write_new(key_path, 0600, out_key);
	if (fine && !write_new(cert, 0644, out)) {
		unlink(key_path);
		fine = false;
	}
	BIO_free(out_key);
	BIO_free(out);
	return fine ? 0 : EX_CANTCREAT;
}

static bool
is_host(const char *name)
{
	const char *p = strncmp(name, "*.", 2) == 0 ? name + 2 : name;

	for (const char *q = p; *q != '\0'; q++)
		if (!is_alnum(*q) && strchr("-.", *q) == NULL)
			return false;
	return *p != '\0' && *p != '.' && *p != '-' && strlen(name) <= 253;
}

int
certificate_self_signed(struct ctl *ctl)
{
	struct view dir = view_of(ctl->file);
	struct str cert = { 0 }, key_path = { 0 };
	EVP_PKEY *key;
	X509 *x;
	int code;

	for (int i = 0; i < ctl->argc; i++)
		if (!is_host(ctl->argv[i]))
			return ctl_fail(EX_USAGE, "%s is no host name",
			    ctl->argv[i]);
	dir.n = view_rfind(dir, '/') < dir.n ? view_rfind(dir, '/') + 1 : 0;
	str_addf(&cert, "%.*s%s.crt", VIEW(dir), ctl->argv[0]);
	str_addf(&key_path, "%.*s%s.key", VIEW(dir), ctl->argv[0]);
	key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	x = key != NULL ? make_certificate(key, ctl->argc, ctl->argv) : NULL;
	code = x == NULL ?
	    ctl_fail(EX_SOFTWARE, "OpenSSL makes no certificate") :
	    write_pair(str_c(&cert), str_c(&key_path), x, key);
	if (code == 0)
		printf("tls_cert = %s\ntls_key  = %s\n", str_c(&cert),
		    str_c(&key_path));
	X509_free(x);
	EVP_PKEY_free(key);
	str_free(&cert);
	str_free(&key_path);
	return code;
}
