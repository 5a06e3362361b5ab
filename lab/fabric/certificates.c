/* Makes tenant certificates and the encrypted blobs that go with them. */
#include "certificates.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>

#include "base/text.h"

enum { KEY_BITS = 2048, VALID_S = 10 * 365 * 24 * 3600, LINE = 64, PFX_ROUNDS = 2048 };

/* The names are the agent's: 2.7.3 asks for the first, newer ones for the second. */
static const struct {
	const char *name;
	const EVP_CIPHER *(*cipher)(void);
} ciphers[] = {
	{ "DES_EDE3_CBC", EVP_des_ede3_cbc },
	{ "AES128_CBC", EVP_aes_128_cbc },
	{ "AES256_CBC", EVP_aes_256_cbc },
};

static void cleanup_bio(BIO **b)
{
	BIO_free_all(*b);
}
static void cleanup_key(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}
static void cleanup_x509(X509 **x)
{
	X509_free(*x);
}
static void cleanup_cms(CMS_ContentInfo **c)
{
	CMS_ContentInfo_free(*c);
}
static void cleanup_p12(PKCS12 **p)
{
	PKCS12_free(*p);
}
static void cleanup_stack(STACK_OF(X509) * *s)
{
	sk_X509_free(*s);
}

static int openssl_error(struct error *err, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return error_set(err, FAULT_INTERNAL, EINVAL, "%s: %s", what, why ? why : "unknown reason");
}

static BIO *bio_of(const char *text)
{
	return BIO_new_mem_buf(text, -1);
}

static int bio_into(BIO *bio, struct buf *ret)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	return buf_add(ret, data, (size_t)len);
}

static EVP_PKEY *key_of(const json_t *certificate)
{
	BIO *bio CLEANUP(cleanup_bio) = bio_of(json_text_at(certificate, "key", ""));

	return PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
}

static X509 *x509_of(const json_t *certificate)
{
	BIO *bio CLEANUP(cleanup_bio) = bio_of(json_text_at(certificate, "certificate", ""));

	return PEM_read_bio_X509(bio, NULL, NULL, NULL);
}

/* ---- making -------------------------------------------------------------------------------- */

static bool serial_set(X509 *x)
{
	uint64_t serial;

	randombytes_buf(&serial, sizeof serial);
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) == 1;
}

static X509 *x509_make(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = x ? X509_get_subject_name(x) : NULL;

	if (!x || X509_set_version(x, X509_VERSION_3) != 1 || !serial_set(x) ||
	    !X509_gmtime_adj(X509_getm_notBefore(x), -3600) ||
	    !X509_gmtime_adj(X509_getm_notAfter(x), VALID_S) || X509_set_pubkey(x, key) != 1 ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				       (const unsigned char *)"Lab CRP Certificate Generator", -1,
				       -1, 0) != 1 ||
	    X509_set_issuer_name(x, name) != 1 || X509_sign(x, key, EVP_sha256()) == 0) {
		X509_free(x);
		return NULL;
	}
	return x;
}

static bool thumbprint_of(const X509 *x, char ret[static 41])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(x, EVP_sha1(), md, &len) != 1 || len != 20)
		return false;
	for (unsigned i = 0; i < len; i++)
		(void)text_format(ret + 2 * i, 3, "%02X", md[i]);
	return true;
}

static json_t *certificate_pack(EVP_PKEY *key, X509 *x)
{
	BIO *key_bio CLEANUP(cleanup_bio) = BIO_new(BIO_s_mem());
	BIO *x_bio CLEANUP(cleanup_bio) = BIO_new(BIO_s_mem());
	struct buf key_text AUTO_BUF = { 0 };
	struct buf x_text AUTO_BUF = { 0 };
	char thumbprint[41];

	if (!key_bio || !x_bio || !thumbprint_of(x, thumbprint) ||
	    PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_X509(x_bio, x) != 1 || bio_into(key_bio, &key_text) < 0 ||
	    bio_into(x_bio, &x_text) < 0)
		return NULL;
	return json_pack("{s:s,s:s,s:s}", "key", buf_text(&key_text), "certificate",
			 buf_text(&x_text), "thumbprint", thumbprint);
}

json_t *certificate_make(struct error *err)
{
	EVP_PKEY *key CLEANUP(cleanup_key) = EVP_RSA_gen(KEY_BITS);
	X509 *x CLEANUP(cleanup_x509) = key ? x509_make(key) : NULL;
	json_t *ret = x ? certificate_pack(key, x) : NULL;

	if (!ret)
		(void)openssl_error(err, "cannot make the tenant certificate");
	return ret;
}

/* ---- base64 -------------------------------------------------------------------------------- */

/* Add base64, broken into lines if `lines`: what OpenSSL's S/MIME reader takes. */
static int base64_add(struct buf *b, const unsigned char *data, size_t len, bool lines)
{
	size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	AUTO_FREE char *text = malloc(size);
	size_t left = size - 1;
	int rc = 0;

	if (!text)
		return -ENOMEM;
	sodium_bin2base64(text, size, data, len, sodium_base64_VARIANT_ORIGINAL);
	if (!lines)
		return buf_add_text(b, text);
	for (const char *at = text; left > 0 && rc == 0;) {
		size_t n = left < LINE ? left : LINE;

		rc = buf_add_format(b, "%.*s\n", (int)n, at);
		at += n;
		left -= n;
	}
	return rc;
}

static int base64_decode(const char *text, struct buf *ret)
{
	size_t max = strlen(text), len = 0;
	AUTO_FREE unsigned char *data = malloc(max + 1);

	if (!data)
		return -ENOMEM;
	if (sodium_base642bin(data, max, text, max, " \r\n", &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0)
		return -EINVAL;
	return buf_add(ret, data, len);
}

/* ---- CMS ----------------------------------------------------------------------------------- */

/* Encrypt `plain` to one certificate, into base64 of the DER. */
static int envelope(X509 *to, BIO *plain, const EVP_CIPHER *cipher, bool lines, struct buf *ret)
{
	STACK_OF(X509) * certs CLEANUP(cleanup_stack) = sk_X509_new_null();
	BIO *der CLEANUP(cleanup_bio) = BIO_new(BIO_s_mem());
	unsigned char *data = NULL;
	long len;

	if (!certs || !der || sk_X509_push(certs, to) <= 0)
		return -ENOMEM;
	CMS_ContentInfo *cms CLEANUP(cleanup_cms) = CMS_encrypt(certs, plain, cipher, CMS_BINARY);

	if (!cms || i2d_CMS_bio(der, cms) != 1)
		return -EINVAL;
	len = BIO_get_mem_data(der, &data);
	return base64_add(ret, data, (size_t)len, lines);
}

int certificate_encrypt(const json_t *certificate, const char *text, struct buf *ret,
			struct error *err)
{
	X509 *x CLEANUP(cleanup_x509) = x509_of(certificate);
	BIO *plain CLEANUP(cleanup_bio) = bio_of(text);

	if (!x || !plain || envelope(x, plain, EVP_aes_256_cbc(), false, ret) < 0)
		return openssl_error(err, "cannot encrypt for the tenant certificate");
	return 0;
}

int certificate_decrypt(const json_t *certificate, const char *base64, struct buf *ret,
			struct error *err)
{
	EVP_PKEY *key CLEANUP(cleanup_key) = key_of(certificate);
	X509 *x CLEANUP(cleanup_x509) = x509_of(certificate);
	BIO *plain CLEANUP(cleanup_bio) = BIO_new(BIO_s_mem());
	struct buf der AUTO_BUF = { 0 };

	if (base64_decode(base64, &der) < 0)
		return error_set(err, FAULT_USAGE, EINVAL, "what is encrypted is not base64");
	BIO *in CLEANUP(cleanup_bio) = BIO_new_mem_buf(buf_text(&der), (int)der.len);
	CMS_ContentInfo *cms CLEANUP(cleanup_cms) = in ? d2i_CMS_bio(in, NULL) : NULL;

	if (!cms || !key || !x || !plain ||
	    CMS_decrypt(cms, key, x, NULL, plain, CMS_BINARY) != 1 || bio_into(plain, ret) < 0)
		return openssl_error(err, "cannot decrypt with the tenant certificate");
	return 0;
}

/* The PKCS #12 as DER, in a memory BIO; NULL if OpenSSL fails. */
static BIO *pfx_make(const json_t *certificate)
{
	EVP_PKEY *key CLEANUP(cleanup_key) = key_of(certificate);
	X509 *x CLEANUP(cleanup_x509) = x509_of(certificate);
	BIO *ret = BIO_new(BIO_s_mem());
	PKCS12 *pfx CLEANUP(cleanup_p12) = NULL;

	if (key && x)
		pfx = PKCS12_create("", "tenant", key, x, NULL, NID_aes_256_cbc, NID_aes_256_cbc,
				    PFX_ROUNDS, PFX_ROUNDS, 0);
	if (!ret || !pfx || i2d_PKCS12_bio(ret, pfx) != 1) {
		BIO_free(ret);
		return NULL;
	}
	return ret;
}

static const EVP_CIPHER *cipher_by_name(const char *name)
{
	if (!name)
		return ciphers[0].cipher();
	for (size_t i = 0; i < ARRAY_SIZE(ciphers); i++) {
		if (text_eq_nocase(ciphers[i].name, name))
			return ciphers[i].cipher();
	}
	return NULL;
}

int certificate_bundle(const json_t *certificate, const char *transport, const char *cipher,
		       struct buf *ret, struct error *err)
{
	const EVP_CIPHER *evp = cipher_by_name(cipher);
	struct buf der AUTO_BUF = { 0 };
	const unsigned char *at;

	if (!evp)
		return error_set(err, FAULT_USAGE, EINVAL, "cipher %s is not known", cipher);
	if (base64_decode(transport, &der) < 0)
		return error_set(err, FAULT_USAGE, EINVAL, "the certificate is not base64");
	at = (const unsigned char *)buf_text(&der);
	X509 *to CLEANUP(cleanup_x509) = d2i_X509(NULL, &at, (long)der.len);

	if (!to)
		return openssl_error(err, "the transport certificate is not one");
	BIO *pfx CLEANUP(cleanup_bio) = pfx_make(certificate);

	if (!pfx || envelope(to, pfx, evp, true, ret) < 0)
		return openssl_error(err, "cannot encrypt for the transport certificate");
	return 0;
}
