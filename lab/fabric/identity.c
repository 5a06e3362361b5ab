/* Judges requests for tokens, and answers them. */
#include "identity.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#include "http.h"

#define INVALID "invalid_request"

/* What tokens are for, with or without a slash at the end. */
static bool is_resource(const char *text)
{
	static const char *const known[] = {
		"https://management.azure.com", "https://management.core.windows.net",
		"https://storage.azure.com",    "https://vault.azure.net",
		"https://graph.microsoft.com",
	};
	size_t len = strlen(text);

	len -= len > 0 && text[len - 1] == '/';
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strlen(known[i]) == len && strncasecmp(known[i], text, len) == 0)
			return true;
	return len > 8 && text_starts(text, "https://") && strstr(text, ".blob.core.") != NULL;
}

static struct token_verdict refusal(const char *error, const char *what)
{
	return (struct token_verdict) { .status = 400, .error = error, .what = what };
}

/* Is it the one that is asked for? */
static bool is_meant(const struct token_ask *ask, const char *id, const json_t *who)
{
	return (ask->client_id &&
		text_eq_nocase(ask->client_id, json_text_at(who, "clientId", ""))) ||
	       (ask->object_id &&
		text_eq_nocase(ask->object_id, json_text_at(who, "principalId", ""))) ||
	       (ask->resource_id && id && text_eq_nocase(ask->resource_id, id));
}

static struct token_verdict granted(const char *id, const json_t *who)
{
	return (struct token_verdict) { .status = 200, .id = id, .who = who };
}

/* The system's unless another is named; a user's if it is the only one. */
static struct token_verdict choose(const json_t *identity, const struct token_ask *ask)
{
	const json_t *users = json_object_get(identity, "userAssignedIdentities"), *who;
	bool named = ask->client_id || ask->object_id || ask->resource_id;
	bool has_system = json_object_get(identity, "principalId") != NULL;
	struct token_verdict only = refusal(INVALID, "Identity not found");
	const char *id;

	if (has_system && (!named || is_meant(ask, NULL, identity)))
		return granted(NULL, identity);
	json_object_foreach((json_t *)users, id, who)
	{
		if (named ? is_meant(ask, id, who) : json_object_size(users) == 1)
			only = granted(id, who);
	}
	if (!named && json_object_size(users) > 1)
		return refusal(INVALID, "Multiple user assigned identities exist, please specify "
					"the clientId / resourceId of the identity in the token "
					"request");
	return only;
}

struct token_verdict identity_judge(const json_t *identity, const struct token_ask *ask)
{
	int names = (ask->client_id != NULL) + (ask->object_id != NULL) +
		    (ask->resource_id != NULL);

	if (!text_eq_nocase(ask->metadata, "true"))
		return refusal(INVALID, "Required metadata header not specified");
	if (ask->forwarded)
		return refusal(INVALID, "Request contains an X-Forwarded-For header");
	if (!ask->version)
		return refusal(INVALID, "Required query variable 'api-version' is missing");
	if (!ask->version_known)
		return refusal(INVALID, "The 'api-version' is not supported");
	if (!ask->resource || !*ask->resource)
		return refusal(INVALID, "Required query variable 'resource' is missing");
	if (!is_resource(ask->resource))
		return refusal("invalid_resource",
			       "AADSTS500011: The resource principal was not found in the tenant.");
	if (names > 1)
		return refusal(INVALID, "Only one of client_id, object_id and msi_res_id may be "
					"specified");
	return choose(identity, ask);
}

/* ---- as it is served ------------------------------------------------------------------------- */

static void answer_refusal(struct answer *ret, const struct token_verdict *v)
{
	json_t *j AUTO_JSON = json_pack("{s:s,s:s}", "error", v->error, "error_description",
					v->what);

	answer_json(ret, v->status, j);
}

/* Numbers are texts there. */
static void answer_token(struct answer *ret, const struct token_verdict *v, const char *resource,
			 const struct fabric_token *t)
{
	int64_t now_s = fabric_now_ms() / 1000;
	json_t *j AUTO_JSON = json_pack(
		"{s:s,s:s,s:o,s:o,s:o,s:o,s:s,s:s}", "access_token", buf_text(&t->text),
		"client_id", json_text_at(v->who, "clientId", ""), "expires_in",
		json_sprintf("%lld", (long long)(t->expires_s - now_s)), "expires_on",
		json_sprintf("%lld", (long long)t->expires_s), "ext_expires_in",
		json_sprintf("%lld", (long long)(t->expires_s - now_s)), "not_before",
		json_sprintf("%lld", (long long)now_s), "resource", resource, "token_type",
		"Bearer");

	answer_json(ret, 200, j);
}

void identity_serve_token(struct fabric *f, struct guest *vm, const struct request *r,
			  struct answer *ret)
{
	const char *resource_id = request_query(r, "msi_res_id");
	const struct token_ask ask = {
		.metadata = request_header(r, "Metadata"),
		.forwarded = request_header(r, "X-Forwarded-For"),
		.version = request_query(r, "api-version"),
		.version_known = imds_version_known(request_query(r, "api-version")),
		.resource = request_query(r, "resource"),
		.client_id = request_query(r, "client_id"),
		.object_id = request_query(r, "object_id"),
		.resource_id = resource_id ? resource_id : request_query(r, "mi_res_id"),
	};
	struct token_verdict v = identity_judge(json_object_get(vm->doc, "identity"), &ask);
	struct fabric_token token = { 0 };

	if (v.status == 200 &&
	    (!f->make_token || f->make_token(f->token_ctx, ask.resource, v.id, v.who, &token) < 0))
		v = (struct token_verdict) { 500, "unknown",
					     "Failed to retrieve token from the Active directory",
					     NULL, NULL };
	if (v.status == 200)
		answer_token(ret, &v, ask.resource, &token);
	else
		answer_refusal(ret, &v);
	buf_free(&token.text);
}

void fabric_set_tokens(struct fabric *f, fabric_token_fn *fn, void *ctx)
{
	fabric_lock(f);
	f->make_token = fn;
	f->token_ctx = ctx;
	fabric_unlock(f);
}

int fabric_set_identity(struct fabric *f, const char *name, const json_t *identity,
			struct error *err)
{
	struct guest *vm;
	int rc;

	fabric_lock(f);
	vm = guest_by_name(f, name);
	if (vm && identity)
		(void)json_object_set_new(vm->doc, "identity", json_deep_copy(identity));
	else if (vm)
		(void)json_object_del(vm->doc, "identity");
	rc = vm ? guest_save(f, vm, err)
		: error_set(err, FAULT_USAGE, ENOENT, "there is no VM %s", name);
	fabric_unlock(f);
	return rc;
}
