/* JSON web tokens, signed with the lab's secret. */
#include "token.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "arm.h"
#include "base/json.h"

enum { TOKEN_MAX = 4096, BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

static int add_base64(struct buf *b, const void *data, size_t len)
{
	char text[2048];

	if (sodium_base64_encoded_len(len, BASE64) > sizeof text)
		return -EFBIG;
	(void)sodium_bin2base64(text, sizeof text, data, len, BASE64);
	return buf_add_text(b, text);
}

static void sign(const unsigned char secret[static TOKEN_SECRET_SIZE], const char *text, size_t len,
		 unsigned char ret[static crypto_auth_hmacsha256_BYTES])
{
	(void)crypto_auth_hmacsha256(ret, (const unsigned char *)text, len, secret);
}

static json_t *claims_json(const struct token_claims *c, int64_t now_s)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "aud", c->audience, "tid",
			      ARM_TENANT, "appid", c->application, "oid", c->object, "iss",
			      "ib-lab", "nbf", (json_int_t)now_s, "exp",
			      (json_int_t)(now_s + TOKEN_LIFETIME_S));

	if (c->resource_id)
		(void)json_object_set_new(j, "xms_mirid", json_string(c->resource_id));
	return j;
}

int token_make(const unsigned char secret[static TOKEN_SECRET_SIZE], const struct token_claims *c,
	       int64_t now_s, struct buf *ret)
{
	static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	AUTO_BUF struct buf claims = { 0 };
	AUTO_JSON json_t *j = claims_json(c, now_s);
	int rc = j ? json_write(j, false, &claims) : -EINVAL;

	if (rc == 0)
		rc = add_base64(ret, head, strlen(head));
	if (rc == 0)
		rc = buf_add_text(ret, ".");
	if (rc == 0)
		rc = add_base64(ret, claims.data, claims.len);
	if (rc < 0)
		return rc;
	sign(secret, ret->data, ret->len, mac);
	rc = buf_add_text(ret, ".");
	return rc < 0 ? rc : add_base64(ret, mac, sizeof mac);
}

static int decode(const char *text, size_t len, void *ret, size_t size, size_t *ret_len)
{
	return sodium_base642bin(ret, size, text, len, NULL, ret_len, NULL, BASE64) < 0 ? -EACCES
											: 0;
}

static bool same_audience(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	n -= n > 0 && a[n - 1] == '/';
	m -= m > 0 && b[m - 1] == '/';
	return n == m && strncasecmp(a, b, n) == 0;
}

int token_check(const unsigned char secret[static TOKEN_SECRET_SIZE], const char *token,
		const char *audience, int64_t now_s)
{
	const char *claims = strchr(token, '.'), *mac = claims ? strchr(claims + 1, '.') : NULL;
	unsigned char want[crypto_auth_hmacsha256_BYTES], got[sizeof want];
	char text[2048];
	size_t len = 0;
	AUTO_JSON json_t *j = NULL;

	if (!mac || strlen(token) > TOKEN_MAX ||
	    decode(mac + 1, strlen(mac + 1), got, sizeof got, &len) < 0 || len != sizeof got)
		return -EACCES;
	sign(secret, token, (size_t)(mac - token), want);
	if (sodium_memcmp(want, got, sizeof want) != 0 ||
	    decode(claims + 1, (size_t)(mac - claims - 1), text, sizeof text, &len) < 0)
		return -EACCES;
	j = json_parse(text, len, NULL, 0);
	if (json_int_at(j, "exp", 0) <= now_s)
		return -EKEYEXPIRED;
	return same_audience(json_text_at(j, "aud", ""), audience) ? 0 : -EXDEV;
}
