/* fabric/identity.h - managed identities: which one a request for a token means. Pure.
 *
 * Source: "How to use managed identities for Azure resources on an Azure VM to acquire an access
 * token" (Microsoft Learn); the words of refusals as users quote them. */
#pragma once

#include <stdbool.h>

#include "base/json.h"

/* What counts of a request; NULL where absent. */
struct token_ask {
	const char *metadata, *forwarded; /* headers */
	bool version_known;
	const char *version, *resource;                  /* of the query */
	const char *client_id, *object_id, *resource_id; /* which identity: one of these or none */
};

struct token_verdict {
	int status; /* 200, or a refusal in these words */
	const char *error, *what;
	const char *id;    /* of a user's identity; NULL: the system's */
	const json_t *who; /* {"clientId","principalId"}; borrowed */
};

/* `identity` as fabric.h has it; NULL: none. */
struct token_verdict identity_judge(const json_t *identity, const struct token_ask *ask);
