/* Tokens: JSON web tokens, signed with a secret of this start, for the one application that the lab
 * knows. */
#include "inner.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

enum { LIFETIME_S = 3600, TOKEN_MAX = 4096, BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

static int add_base64(struct buf *b, const void *data, size_t len)
{
	char text[2048];

	if (sodium_base64_encoded_len(len, BASE64) > sizeof text)
		return -EFBIG;
	(void)sodium_bin2base64(text, sizeof text, data, len, BASE64);
	return buf_add_text(b, text);
}

static void sign(const struct arm *a, const char *text, size_t len,
		 unsigned char ret[static crypto_auth_hmacsha256_BYTES])
{
	(void)crypto_auth_hmacsha256(ret, (const unsigned char *)text, len, a->token_secret);
}

int arm_token_make(const struct arm *a, int64_t now_s, struct buf *ret)
{
	static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	AUTO_BUF struct buf claims = { 0 };
	AUTO_JSON json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "aud",
					"https://management.core.windows.net/", "tid", ARM_TENANT,
					"appid", ARM_APPLICATION, "oid", ARM_APPLICATION, "iss",
					"ib-lab", "nbf", (json_int_t)now_s, "exp",
					(json_int_t)(now_s + LIFETIME_S));
	int rc = json_write(j, false, &claims);

	if (rc == 0)
		rc = add_base64(ret, head, strlen(head));
	if (rc == 0)
		rc = buf_add_text(ret, ".");
	if (rc == 0)
		rc = add_base64(ret, claims.data, claims.len);
	if (rc < 0)
		return rc;
	sign(a, ret->data, ret->len, mac);
	rc = buf_add_text(ret, ".");
	return rc < 0 ? rc : add_base64(ret, mac, sizeof mac);
}

static int decode(const char *text, size_t len, void *ret, size_t size, size_t *ret_len)
{
	return sodium_base642bin(ret, size, text, len, NULL, ret_len, NULL, BASE64) < 0 ? -EACCES
											: 0;
}

int arm_token_check(const struct arm *a, const char *token, int64_t now_s)
{
	const char *claims = strchr(token, '.'), *mac = claims ? strchr(claims + 1, '.') : NULL;
	unsigned char want[crypto_auth_hmacsha256_BYTES], got[sizeof want];
	char text[1024];
	size_t len = 0;
	AUTO_JSON json_t *j = NULL;

	if (!mac || strlen(token) > TOKEN_MAX ||
	    decode(mac + 1, strlen(mac + 1), got, sizeof got, &len) < 0 || len != sizeof got)
		return -EACCES;
	sign(a, token, (size_t)(mac - token), want);
	if (sodium_memcmp(want, got, sizeof want) != 0 ||
	    decode(claims + 1, (size_t)(mac - claims - 1), text, sizeof text, &len) < 0)
		return -EACCES;
	j = json_parse(text, len, NULL, 0);
	return json_int_at(j, "exp", 0) > now_s ? 0 : -EKEYEXPIRED;
}

/* ---- routes ---------------------------------------------------------------------------------- */

/* As ADFS says where it is: what az is told of by `az cloud register`. */
static void serve_configuration(struct arm_request *r, struct arm_answer *ret)
{
	arm_say(ret, 200,
		json_pack("{s:o, s:o, s:o, s:o, s:[s], s:[s]}", "issuer",
			  json_sprintf("%s/adfs", r->origin), "authorization_endpoint",
			  json_sprintf("%s/adfs/oauth2/authorize", r->origin), "token_endpoint",
			  json_sprintf("%s/adfs/oauth2/token", r->origin), "jwks_uri",
			  json_sprintf("%s/adfs/oauth2/keys", r->origin),
			  "response_types_supported", "code",
			  "token_endpoint_auth_methods_supported", "client_secret_post"));
}

/* As Azure AD does: what the SDKs' credentials ask. */
static void serve_directory(struct arm_request *r, struct arm_answer *ret)
{
	const char *tenant = r->parts[0];

	arm_say(ret, 200,
		json_pack("{s:o, s:o, s:o, s:o, s:[s], s:[s]}", "issuer",
			  json_sprintf("%s/%s/v2.0", r->origin, tenant), "authorization_endpoint",
			  json_sprintf("%s/%s/oauth2/v2.0/authorize", r->origin, tenant),
			  "token_endpoint",
			  json_sprintf("%s/%s/oauth2/v2.0/token", r->origin, tenant), "jwks_uri",
			  json_sprintf("%s/%s/discovery/v2.0/keys", r->origin, tenant),
			  "response_types_supported", "code",
			  "token_endpoint_auth_methods_supported", "client_secret_post"));
}

/* The value of a form's field, decoded into `ret`; "" if it is not there. */
static void form_value(const struct arm_request *r, const char *name, char *ret, size_t size)
{
	const char *at = buf_text(&r->body);
	size_t len = strlen(name), n = 0;

	ret[0] = '\0';
	while (*at && (strncmp(at, name, len) != 0 || at[len] != '=')) {
		at += strcspn(at, "&");
		at += *at == '&';
	}
	if (!*at)
		return;
	for (at += len + 1; *at && *at != '&' && n + 1 < size; at++) {
		char pair[3] = { 0 };
		long code;

		if (*at == '%' && at[1] && at[2]) {
			memcpy(pair, at + 1, 2);
			at += text_to_long(pair, 16, &code) == 0 ? 2 : 0;
			ret[n++] = (char)(pair[0] && text_to_long(pair, 16, &code) == 0 ? code
											: '?');
		} else {
			ret[n++] = *at == '+' ? ' ' : *at;
		}
	}
	ret[n] = '\0';
}

static void refuse_client(struct arm_answer *ret, int code, const char *what)
{
	arm_say(ret, 401,
		json_pack("{s:s, s:o, s:[i]}", "error", "invalid_client", "error_description",
			  json_sprintf("AADSTS%d: %s", code, what), "error_codes", code));
}

static void serve_token(struct arm_request *r, struct arm_answer *ret)
{
	char grant[64], client[64], secret[128];
	AUTO_BUF struct buf token = { 0 };

	form_value(r, "grant_type", grant, sizeof grant);
	form_value(r, "client_id", client, sizeof client);
	form_value(r, "client_secret", secret, sizeof secret);
	if (!text_eq(grant, "client_credentials")) {
		arm_say(ret, 400,
			json_pack("{s:s, s:s}", "error", "unsupported_grant_type",
				  "error_description",
				  "AADSTS70003: the lab knows client_credentials only"));
		return;
	}
	if (!text_eq_nocase(client, ARM_APPLICATION)) {
		refuse_client(ret, 700016, "Application was not found in the directory.");
		return;
	}
	if (!text_eq(secret, ARM_SECRET)) {
		refuse_client(ret, 7000215, "Invalid client secret provided.");
		return;
	}
	if (arm_token_make(r->arm, time(NULL), &token) < 0) {
		arm_refuse(ret, 500, "InternalServerError", "no token can be made");
		return;
	}
	arm_say(ret, 200,
		json_pack("{s:s, s:i, s:i, s:s}", "token_type", "Bearer", "expires_in", LIFETIME_S,
			  "ext_expires_in", LIFETIME_S, "access_token", buf_text(&token)));
}

static void serve_endpoints(struct arm_request *r, struct arm_answer *ret)
{
	arm_say(ret, 200,
		json_pack("{s:o, s:o, s:o, s:s, s:{s:o, s:[s]}}", "galleryEndpoint",
			  json_sprintf("%s/", r->origin), "graphEndpoint",
			  json_sprintf("%s/graph", r->origin), "portalEndpoint",
			  json_sprintf("%s/", r->origin), "graphAudience",
			  "https://management.core.windows.net/", "authentication", "loginEndpoint",
			  json_sprintf("%s/adfs", r->origin), "audiences",
			  "https://management.core.windows.net/"));
}

static json_t *subscription_json(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", "/subscriptions/" ARM_SUBSCRIPTION,
			 "subscriptionId", ARM_SUBSCRIPTION, "tenantId", ARM_TENANT, "displayName",
			 "InfiniBand lab", "state", "Enabled");
}

static void serve_subscriptions(struct arm_request *r, struct arm_answer *ret)
{
	(void)r;
	arm_say(ret, 200, json_pack("{s:[o]}", "value", subscription_json()));
}

static void serve_subscription(struct arm_request *r, struct arm_answer *ret)
{
	(void)r;
	arm_say(ret, 200, subscription_json());
}

static void serve_tenants(struct arm_request *r, struct arm_answer *ret)
{
	(void)r;
	arm_say(ret, 200,
		json_pack("{s:[{s:s, s:s}]}", "value", "id", "/tenants/" ARM_TENANT, "tenantId",
			  ARM_TENANT));
}

const struct arm_route arm_token_routes[] = {
	{ "GET", "/adfs/.well-known/openid-configuration", true, serve_configuration },
	{ "POST", "/adfs/oauth2/token", true, serve_token },
	{ "GET", "/{}/v2.0/.well-known/openid-configuration", true, serve_directory },
	{ "POST", "/{}/oauth2/v2.0/token", true, serve_token },
	{ "GET", "/metadata/endpoints", true, serve_endpoints },
	{ "GET", "/subscriptions", false, serve_subscriptions },
	{ "GET", "/subscriptions/{}", false, serve_subscription },
	{ "GET", "/tenants", false, serve_tenants },
	{ 0 },
};
