/* host/identity.c - asks the host for a token. */
#include "host/identity.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "host/host.h"
#include "host/link_local.h"

#define TARGET                                                                                     \
	"/metadata/identity/oauth2/token?api-version=2018-02-01"                                   \
	"&resource=https%3A%2F%2Fstorage.azure.com%2F&client_id="

enum { CLIENT_ID_MAX = 64, TOKEN_MAX = 4096 };

static bool is_made_of(const char *text, const char *letters, size_t most)
{
	size_t len = strlen(text);

	return len > 0 && len <= most && strspn(text, letters) == len;
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static enum metadata_end take_token(const struct buf *answer, struct buf *ret)
{
	AUTO_JSON json_t *j = json_parse(buf_text(answer), answer->len, NULL, 0);
	const char *token = json_text_at(j, "access_token", "");

	if (!is_made_of(token, ALNUM "-._~+/=", TOKEN_MAX) || buf_add_text(ret, token) < 0)
		return METADATA_REFUSED;
	return METADATA_ANSWERED;
}

enum metadata_end identity_token(const struct host *h, const struct metadata_service *service,
				 const char *client_id, struct buf *ret, int *status)
{
	AUTO_BUF struct buf answer = { 0 };
	char target[sizeof TARGET + CLIENT_ID_MAX];
	enum metadata_end end;

	if (!is_made_of(client_id, ALNUM "-", CLIENT_ID_MAX))
		return METADATA_REFUSED;
	(void)TEXT_FORMAT(target, "%s%s", TARGET, client_id);
	end = link_local_ask(h, service, target, &answer, status);
	if (end == METADATA_ANSWERED)
		end = take_token(&answer, ret);
	if (answer.data != NULL)
		explicit_bzero(answer.data, answer.len);
	return end;
}
