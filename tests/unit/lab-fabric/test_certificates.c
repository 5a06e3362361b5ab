/* Certificates and CMS against the openssl program, which is what the agent runs. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "certificates.h"

struct place {
	char dir[64];
	int fd;
	json_t *certificate;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	struct error err = { 0 };

	*state = p;
	if (!p || sodium_init() < 0)
		return -1;
	(void)TEXT_COPY(p->dir, "/tmp/lab-certificates-XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	p->fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->certificate = certificate_make(&err);
	return p->fd < 0 || !p->certificate ? -1 : 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	int rc = fs_remove(AT_FDCWD, p->dir);

	json_decref(p->certificate);
	cleanup_fd(&p->fd);
	free(p);
	return rc;
}

static void put(const struct place *p, const char *name, const char *text, size_t len)
{
	assert_int_equal(fs_replace(p->fd, name, text, len, 0600), 0);
}

/* Run openssl in the place with a line of arguments, none of which has a blank in it. */
static int openssl(const struct place *p, const char *line)
{
	char copy[512], program[] = "openssl", path[] = "PATH=/usr/bin:/bin";
	char *argv[32] = { program }, *env[] = { path, NULL }, *at = copy;
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	assert_int_equal(TEXT_COPY(copy, line), 0);
	for (size_t n = 1; at && n < ARRAY_SIZE(argv) - 1; n++)
		argv[n] = strsep(&at, " ");
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_addchdir_np(&actions, p->dir), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0),
			 0);
	assert_int_equal(posix_spawnp(&pid, "openssl", &actions, NULL, argv, env), 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void get(const struct place *p, const char *name, struct buf *ret)
{
	assert_int_equal(fs_read(p->fd, name, 1 << 20, ret), 0);
}

static void put_own(const struct place *p)
{
	const char *key = json_text_at(p->certificate, "key", "");
	const char *x = json_text_at(p->certificate, "certificate", "");

	put(p, "own.key", key, strlen(key));
	put(p, "own.crt", x, strlen(x));
}

/* As a handler does: `openssl cms -decrypt -inform DER -inkey THUMB.prv -recip THUMB.crt`. */
static void a_handler_decrypts_protected_settings(void **state)
{
	const struct place *p = *state;
	struct buf cipher AUTO_BUF = { 0 }, got AUTO_BUF = { 0 };
	unsigned char der[8192];
	size_t len = 0;
	struct error err;

	put_own(p);
	assert_int_equal(certificate_encrypt(p->certificate, "{\"k\":\"s3cret\"}", &cipher, &err),
			 0);
	assert_null(strchr(buf_text(&cipher), '\n'));
	assert_int_equal(sodium_base642bin(der, sizeof der, cipher.data, cipher.len, NULL, &len,
					   NULL, sodium_base64_VARIANT_ORIGINAL),
			 0);
	put(p, "settings.der", (const char *)der, len);
	assert_int_equal(openssl(p, "cms -decrypt -inform DER -in settings.der -inkey own.key "
				    "-recip own.crt -out settings.txt"),
			 0);
	get(p, "settings.txt", &got);
	assert_string_equal(buf_text(&got), "{\"k\":\"s3cret\"}");
}

static void what_openssl_encrypts_is_decrypted(void **state)
{
	const struct place *p = *state;
	struct buf der AUTO_BUF = { 0 }, got AUTO_BUF = { 0 };
	char base64[16384];
	struct error err;

	put_own(p);
	put(p, "plain.txt", "hello", 5);
	assert_int_equal(openssl(p, "cms -encrypt -binary -aes256 -outform DER -in plain.txt -out "
				    "plain.der own.crt"),
			 0);
	get(p, "plain.der", &der);
	sodium_bin2base64(base64, sizeof base64, (unsigned char *)der.data, der.len,
			  sodium_base64_VARIANT_ORIGINAL);
	assert_int_equal(certificate_decrypt(p->certificate, base64, &got, &err), 0);
	assert_string_equal(buf_text(&got), "hello");
}

static void the_thumbprint_is_the_agents(void **state)
{
	const struct place *p = *state;
	struct buf got AUTO_BUF = { 0 };
	char want[64];
	const char *at = json_text_at(p->certificate, "thumbprint", "");
	size_t n = 0;

	put_own(p);
	assert_int_equal(openssl(p, "x509 -in own.crt -fingerprint -noout -out fingerprint"), 0);
	get(p, "fingerprint", &got);
	for (const char *c = strchr(buf_text(&got), '=') + 1; *c && *c != '\n'; c++) {
		if (*c != ':')
			want[n++] = *c;
	}
	want[n] = '\0';
	assert_string_equal(at, want);
}

/* The header that the agent makes of TransportCert.pem: its base64 without marks and line ends. */
static void header_of(const struct place *p, char *ret, size_t size)
{
	struct buf pem AUTO_BUF = { 0 };
	size_t n = 0;
	char *at, *line;

	get(p, "transport.crt", &pem);
	at = pem.data;
	while ((line = strsep(&at, "\n"))) {
		if (*line != '-' && n + strlen(line) < size) {
			memcpy(ret + n, line, strlen(line));
			n += strlen(line);
		}
	}
	ret[n] = '\0';
}

static const struct {
	const char *name, *cipher, *algorithm;
	int sys;
} bundle_rows[] = {
	{ "2.7.3 asks for triple DES", "DES_EDE3_CBC", "des-ede3-cbc", 0 },
	{ "newer agents ask for AES", "AES128_CBC", "aes-128-cbc", 0 },
	{ "none asked for", NULL, "des-ede3-cbc", 0 },
	{ "an unknown cipher is refused", "ROT13", NULL, EINVAL },
};

static void check_bundle(const struct place *p, const char *data, const char *algorithm)
{
	struct buf smime AUTO_BUF = { 0 }, pem AUTO_BUF = { 0 }, shown AUTO_BUF = { 0 };

	assert_int_equal(buf_add_format(&smime,
					"MIME-Version:1.0\nContent-Disposition: attachment; "
					"filename=\"p\"\nContent-Type: application/x-pkcs7-mime; "
					"name=\"p\"\nContent-Transfer-Encoding: base64\n\n%s",
					data),
			 0);
	put(p, "bundle.p7m", smime.data, smime.len);
	assert_int_equal(openssl(p, "cms -cmsout -print -noout -in bundle.p7m -out shown"), 0);
	get(p, "shown", &shown);
	assert_non_null(strstr(buf_text(&shown), algorithm));
	assert_int_equal(openssl(p, "cms -decrypt -in bundle.p7m -inkey transport.key -recip "
				    "transport.crt -out bundle.pfx"),
			 0);
	assert_int_equal(openssl(p, "pkcs12 -nodes -password pass: -in bundle.pfx -out bundle.pem"),
			 0);
	get(p, "bundle.pem", &pem);
	assert_non_null(strstr(buf_text(&pem), json_text_at(p->certificate, "certificate", "?")));
	assert_non_null(strstr(buf_text(&pem), json_text_at(p->certificate, "key", "?")));
}

static void the_agent_opens_the_bundle(void **state)
{
	const struct place *p = *state;
	char header[4096];

	assert_int_equal(openssl(p, "req -x509 -nodes -subj /CN=LinuxTransport -days 730 -newkey "
				    "rsa:2048 -keyout transport.key -out transport.crt"),
			 0);
	header_of(p, header, sizeof header);
	for (size_t i = 0; i < ARRAY_SIZE(bundle_rows); i++) {
		struct buf data AUTO_BUF = { 0 };
		struct error err = { 0 };
		int rc = certificate_bundle(p->certificate, header, bundle_rows[i].cipher, &data,
					    &err);

		if (err.sys != bundle_rows[i].sys || (rc == 0) != (bundle_rows[i].sys == 0))
			fail_msg("%s: %s", bundle_rows[i].name, err.what);
		if (rc == 0)
			check_bundle(p, buf_text(&data), bundle_rows[i].algorithm);
	}
}

static const struct {
	const char *name, *text;
} bad_rows[] = {
	{ "nothing", "" },
	{ "not base64", "%%%" },
	{ "base64 of nonsense", "aGVsbG8=" },
	{ "cut off in the middle of a length", "MIIB" },
};

static void refuses_bad_input(void **state)
{
	const struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
		struct buf ret AUTO_BUF = { 0 };
		struct error err = { 0 };

		if (certificate_bundle(p->certificate, bad_rows[i].text, NULL, &ret, &err) == 0 ||
		    certificate_decrypt(p->certificate, bad_rows[i].text, &ret, &err) == 0 ||
		    ret.len != 0 || err.what[0] == '\0')
			fail_msg("%s", bad_rows[i].name);
	}
}

static void another_key_does_not_decrypt(void **state)
{
	const struct place *p = *state;
	struct error err = { 0 };
	json_t *other AUTO_JSON = certificate_make(&err);
	struct buf cipher AUTO_BUF = { 0 }, got AUTO_BUF = { 0 };

	assert_int_equal(certificate_encrypt(p->certificate, "{}", &cipher, &err), 0);
	assert_int_equal(certificate_decrypt(other, buf_text(&cipher), &got, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handler_decrypts_protected_settings),
		cmocka_unit_test(what_openssl_encrypts_is_decrypted),
		cmocka_unit_test(the_thumbprint_is_the_agents),
		cmocka_unit_test(the_agent_opens_the_bundle),
		cmocka_unit_test(refuses_bad_input),
		cmocka_unit_test(another_key_does_not_decrypt),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
