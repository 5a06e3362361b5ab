/* Logging in: where the directory is, tokens for the one application that the lab knows, and whose
 * the subscription is. */
#include "inner.h"

#include <time.h>

#include "base/text.h"
#include "lab/fabric/uri.h"

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

static void refuse_client(struct arm_answer *ret, int code, const char *what)
{
	arm_say(ret, 401,
		json_pack("{s:s, s:o, s:[i]}", "error", "invalid_client", "error_description",
			  json_sprintf("AADSTS%d: %s", code, what), "error_codes", code));
}

static void serve_token(struct arm_request *r, struct arm_answer *ret)
{
	const char *form = buf_text(&r->body);
	char grant[64], client[64], secret[128];
	const struct token_claims claims = { TOKEN_AUDIENCE, ARM_APPLICATION, ARM_APPLICATION,
					     NULL };
	AUTO_BUF struct buf token = { 0 };

	(void)uri_form_value(form, "grant_type", grant, sizeof grant);
	(void)uri_form_value(form, "client_id", client, sizeof client);
	(void)uri_form_value(form, "client_secret", secret, sizeof secret);
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
	if (token_make(r->arm->token_secret, &claims, time(NULL), &token) < 0) {
		arm_refuse(ret, 500, "InternalServerError", "no token can be made");
		return;
	}
	arm_say(ret, 200,
		json_pack("{s:s, s:i, s:i, s:s}", "token_type", "Bearer", "expires_in",
			  TOKEN_LIFETIME_S, "ext_expires_in", TOKEN_LIFETIME_S, "access_token",
			  buf_text(&token)));
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

const struct arm_route arm_login_routes[] = {
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
