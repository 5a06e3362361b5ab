/* The lab's certificate authority and its server's certificate. */
#include "inner.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"

enum { KEY_BITS = 2048, VALID_S = 2 * 365 * 24 * 3600, PEM_MAX = 64 << 10 };

static void cleanup_key(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static void cleanup_x509(X509 **x)
{
	X509_free(*x);
}

static void cleanup_bio(BIO **b)
{
	BIO_free_all(*b);
}

static bool extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool fill(X509 *x, EVP_PKEY *key, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(x);
	uint64_t serial;

	randombytes_buf(&serial, sizeof serial);
	return X509_set_version(x, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(x), VALID_S) != NULL &&
	       X509_set_pubkey(x, key) == 1 &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name,
					  -1, -1, 0) == 1;
}

static X509 *authority_make(EVP_PKEY *key)
{
	X509 *x CLEANUP(cleanup_x509) = X509_new();

	if (!x || !fill(x, key, "ib-lab authority") ||
	    X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
	    !extend(x, x, NID_basic_constraints, "critical,CA:TRUE") ||
	    !extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") ||
	    !extend(x, x, NID_subject_key_identifier, "hash") ||
	    X509_sign(x, key, EVP_sha256()) == 0)
		return NULL;
	return TAKE(x);
}

static X509 *server_make(EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key)
{
	X509 *x CLEANUP(cleanup_x509) = X509_new();

	if (!x || !fill(x, key, "localhost") ||
	    X509_set_issuer_name(x, X509_get_subject_name(authority)) != 1 ||
	    !extend(x, authority, NID_basic_constraints, "critical,CA:FALSE") ||
	    !extend(x, authority, NID_key_usage, "critical,digitalSignature,keyEncipherment") ||
	    !extend(x, authority, NID_ext_key_usage, "serverAuth") ||
	    !extend(x, authority, NID_authority_key_identifier, "keyid") ||
	    !extend(x, authority, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1") ||
	    X509_sign(x, authority_key, EVP_sha256()) == 0)
		return NULL;
	return TAKE(x);
}

static int bio_to_file(BIO *bio, int dir, const char *name, mode_t mode)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	return fs_replace(dir, name, data, (size_t)len, mode);
}

static int write_key(int dir, const char *name, EVP_PKEY *key)
{
	BIO *bio CLEANUP(cleanup_bio) = BIO_new(BIO_s_mem());

	if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return -EINVAL;
	return bio_to_file(bio, dir, name, 0600);
}

static int write_certificate(int dir, const char *name, X509 *x)
{
	BIO *bio CLEANUP(cleanup_bio) = BIO_new(BIO_s_mem());

	if (!bio || PEM_write_bio_X509(bio, x) != 1)
		return -EINVAL;
	return bio_to_file(bio, dir, name, 0644);
}

/* The authority's key is not kept: nothing more is ever signed with it. */
static int make(int dir)
{
	EVP_PKEY *authority_key CLEANUP(cleanup_key) = EVP_RSA_gen(KEY_BITS);
	EVP_PKEY *key CLEANUP(cleanup_key) = EVP_RSA_gen(KEY_BITS);
	X509 *authority CLEANUP(cleanup_x509) = authority_key ? authority_make(authority_key)
							      : NULL;
	X509 *server CLEANUP(cleanup_x509) = authority && key
						     ? server_make(key, authority, authority_key)
						     : NULL;
	int rc = server ? write_certificate(dir, "ca.pem", authority) : -EINVAL;

	if (rc == 0)
		rc = write_certificate(dir, "server.pem", server);
	return rc == 0 ? write_key(dir, "server.key", key) : rc;
}

static int take(int dir, const char *name, char **ret)
{
	AUTO_BUF struct buf text = { 0 };
	int rc = fs_read(dir, name, PEM_MAX, &text);

	if (rc < 0)
		return rc;
	*ret = strdup(buf_text(&text));
	return *ret ? 0 : -ENOMEM;
}

int arm_tls_prepare(struct arm *a, const char *state, struct error *err)
{
	AUTO_FD int top = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int dir = -1;
	int rc = top < 0 ? -errno : fs_make_dirs(top, "arm", 0711);

	dir = rc == 0 ? openat(top, "arm", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (rc == 0 && dir < 0)
		rc = -errno;
	if (rc == 0 && !fs_exists(dir, "server.key"))
		rc = make(dir);
	if (rc == 0)
		rc = take(dir, "server.key", &a->key);
	if (rc == 0)
		rc = take(dir, "server.pem", &a->certificate);
	return rc < 0 ? error_set(err, FAULT_INTERNAL, -rc,
				  "the Resource Manager's certificates in %s/arm: %s", state,
				  strerror(-rc))
		      : 0;
}
