/* handler/protected.c - decrypts the protected settings through the host's openssl, in memory only.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "facts/settings.h"
#include "handler/settings_file.h"
#include "host/host.h"
#include "host/run.h"

#define AGENT_DIR "/var/lib/waagent/"

enum { DECRYPT_DEADLINE_S = 30, PROTECTED_MAX = 256 << 10 };

/* The value of a base64 digit, RFC 4648 table 1; -1 for another character. */
static int digit_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

int base64_decode(const char *text, struct buf *ret)
{
	unsigned bits = 0, have = 0, ndigits = 0, pad = 0;

	for (const char *p = text; *p != '\0'; p++) {
		int digit = digit_of(*p);

		if (strchr(" \t\r\n", *p) != NULL)
			continue;
		if (*p == '=' && ++pad <= 2)
			continue;
		if (digit < 0 || pad > 0)
			return -EINVAL;
		ndigits++;
		bits = bits << 6 | (unsigned)digit;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		char byte = (char)(bits >> have & 0xff);

		if (buf_add(ret, &byte, 1) < 0)
			return -EINVAL;
	}
	return (ndigits + pad) % 4 == 0 && ndigits > 0 ? 0 : -EINVAL;
}

static void wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->len);
}

static void result_wipe_free(struct run_result *r)
{
	wipe(&r->out);
	run_result_free(r);
}

static int check_certificate(const struct host *h, const char *thumbprint, struct error *err)
{
	static const char *const ends[] = { "prv", "crt" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		char path[96];

		(void)TEXT_FORMAT(path, AGENT_DIR "%s.%s", thumbprint, ends[i]);
		if (!host_exists(h, path + 1))
			return error_set(err, FAULT_PROTECTED_SETTINGS, ENOENT,
					 "the protected settings are encrypted for certificate %s, "
					 "but %s is not there",
					 thumbprint, path);
	}
	return 0;
}

/* What openssl said last, for the message. */
static const char *last_line(struct buf *text)
{
	const char *end;

	if (text->data == NULL)
		return "";
	(void)text_trim(text->data);
	end = strrchr(text->data, '\n');
	return end != NULL ? end + 1 : text->data;
}

static int decrypt(const struct host *h, const char *thumbprint, const struct buf *der,
		   struct run_result *result, struct error *err)
{
	char key[96], certificate[96], how[64];
	const char *const argv[] = { "openssl", "cms", "-decrypt", "-inform",   "DER",
				     "-inkey",  key,   "-recip",   certificate, NULL };
	struct run_spec spec = { .argv = argv,
				 .deadline_s = DECRYPT_DEADLINE_S,
				 .keep = PROTECTED_MAX,
				 .input = der->data,
				 .input_len = der->len,
				 .quiet = true };

	(void)TEXT_FORMAT(key, AGENT_DIR "%s.prv", thumbprint);
	(void)TEXT_FORMAT(certificate, AGENT_DIR "%s.crt", thumbprint);
	if (run(h, &spec, result, err) < 0)
		return error_wrap(err, "decrypting the protected settings");
	if (result->end == RUN_NOT_FOUND)
		return error_set(err, FAULT_PROGRAM_MISSING, ENOENT,
				 "openssl is not installed: the protected settings cannot be "
				 "decrypted");
	if (run_ok(result))
		return 0;
	run_end_text(result, &spec, how, sizeof how);
	return error_set(err, FAULT_PROTECTED_SETTINGS, 0,
			 "openssl cannot decrypt the protected settings with certificate %s (%s): "
			 "%.160s",
			 thumbprint, how, last_line(&result->err));
}

int protected_read(const struct host *h, const char *base64, const char *thumbprint,
		   struct settings *into, struct error *err)
{
	AUTO_BUF struct buf der = { .max = PROTECTED_MAX };
	CLEANUP(result_wipe_free) struct run_result result = { 0 };
	AUTO_JSON json_t *j = NULL;

	if (base64_decode(base64, &der) < 0)
		return error_set(err, FAULT_PROTECTED_SETTINGS, EINVAL,
				 "protectedSettings is not base64");
	if (check_certificate(h, thumbprint, err) < 0 ||
	    decrypt(h, thumbprint, &der, &result, err) < 0)
		return -1;
	/* No reason of the parser's: it may quote the secret. */
	j = json_parse(buf_text(&result.out), result.out.len, NULL, 0);
	if (j == NULL)
		return error_set(err, FAULT_PROTECTED_SETTINGS, EINVAL,
				 "the decrypted protected settings are not JSON");
	return settings_read_protected(j, into, err);
}
