/* act/fetch/download_keys.c - what opens a file: a SAS token, or the token of a managed identity.
 */
#include "act/fetch/download_room.h"

#include <string.h>

#include "base/redact.h"
#include "base/text.h"
#include "host/identity.h"
#include "host/link_local.h"

/* FILE.minisig stands beside its file, not below it; a query follows. */
static bool is_signature_of(const char *url, const char *file)
{
	static const char suffix[] = ".minisig";
	size_t len = strcspn(url, "?#"), n = strlen(suffix);
	char without[URL_SIZE];

	return len > n && strncmp(url + len - n, suffix, n) == 0 &&
	       TEXT_FORMAT(without, "%.*s%s", (int)(len - n), url, url + len) == 0 &&
	       url_is_below(without, file);
}

/* The addresses that the user gave: vendors never see a token. */
static bool is_of_settings(const struct settings *s, const char *url)
{
	const char *const own[] = { s->mirror, s->catalogue_uri, s->offline_bundle, s->prebuilt };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (own[i][0] != '\0' && url_is_below(url, own[i]))
			return true;
	return is_signature_of(url, s->catalogue_uri);
}

static bool is_ours_by_tls(const struct settings *s, const char *url)
{
	return text_starts(url, "https://") && is_of_settings(s, url);
}

int download_address(const struct settings *s, const char *url, char *ret, size_t size,
		     struct error *err)
{
	int rc;

	if (s->sas_token[0] == '\0' || strstr(url, "sig=") != NULL || !is_ours_by_tls(s, url))
		rc = text_copy(ret, size, url);
	else
		rc = url_add_query(url, s->sas_token, ret, size);
	if (rc == 0 && strpbrk(ret, "\r\n\" \\") == NULL)
		return 0;
	return error_set(err, FAULT_SETTINGS, 0,
			 "sasToken is no query of an address, or is too long");
}

/* Source: the endpoints of Azure Storage, of all clouds. */
static bool is_blob_host(const char *host)
{
	return strstr(host, ".blob.core.") != NULL || text_ends(host, ".blob.storage.azure.net");
}

bool download_wants_identity(const struct settings *s, const char *url)
{
	struct url u;

	return s->identity[0] != '\0' && s->sas_token[0] == '\0' && url_parse(url, &u) == 0 &&
	       is_ours_by_tls(s, url) && is_blob_host(u.host);
}

/* Source: "Authorize with Microsoft Entra ID" of Azure Storage; the version is the first that takes
 * a token for all that we do. */
static int add_identity(const struct fetch *f, struct fetch_keys *ret, struct error *err)
{
	AUTO_BUF struct buf token = { 0 };
	int status = 0;
	enum metadata_end end = identity_token(f->c->host, &metadata_service_azure,
					       f->c->settings->identity, &token, &status);

	if (end != METADATA_ANSWERED)
		return error_set(err, FAULT_DOWNLOAD_REFUSED, 0,
				 "no token of the managed identity %.60s could be had for %s: the "
				 "metadata service %s%s",
				 f->c->settings->identity, f->shown,
				 status == 400 ? "does not know it on this VM"
					       : "did not answer as it should",
				 status == 400 ? " (HTTP 400)" : "");
	(void)TEXT_COPY(ret->headers[0], "x-ms-version: 2020-04-08");
	(void)TEXT_FORMAT(ret->headers[1], "Authorization: Bearer %s", buf_text(&token));
	explicit_bzero(token.data, token.len);
	return 0;
}

int fetch_keys_get(const struct fetch *f, struct fetch_keys *ret, char *url, size_t size,
		   struct error *err)
{
	if (download_wants_identity(f->c->settings, f->url) && add_identity(f, ret, err) < 0)
		return -1;
	return download_address(f->c->settings, f->url, url, size, err);
}

void fetch_redact(const struct fetch *f, char *text)
{
	const struct settings *s = f->c->settings;
	const char *const secrets[] = { s->proxy_password, s->proxy_user, s->sas_token };

	redact(text, secrets, ARRAY_SIZE(secrets));
}
