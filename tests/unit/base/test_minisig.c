/* tests/unit/base/test_minisig.c - signatures as minisign makes them, made here by libsodium, whole
 * and damaged. */
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/minisig.h"
#include "signer.h"

static const char content[] = "{\"schema\":\"ib-vmext/catalogue/1\"}\n";

static int check(const struct signer *s, const char *text, size_t len, const void *data,
		 size_t data_len)
{
	struct minisig sig;
	const char *why = "";

	if (minisig_parse(text, len, &sig, &why) < 0) {
		assert_true(why[0] != '\0');
		return -EINVAL;
	}
	return minisig_verify(&sig, &s->public, data, data_len);
}

static void checks_both_algorithms(void **unused)
{
	(void)unused;
	for (int prehashed = 0; prehashed < 2; prehashed++) {
		struct signer s;
		AUTO_BUF struct buf text = { 0 };
		struct minisig sig;

		signer_make(&s);
		signer_sign(&s, prehashed, content, strlen(content), "file:catalogue.json", &text);
		assert_int_equal(check(&s, text.data, text.len, content, strlen(content)), 0);
		assert_int_equal(minisig_parse(text.data, text.len, &sig, NULL), 0);
		assert_int_equal(sig.prehashed, prehashed);
		assert_string_equal(sig.comment, "file:catalogue.json");
	}
}

static void another_key_is_told_from_a_change(void **unused)
{
	struct signer ours, theirs;
	AUTO_BUF struct buf text = { 0 };

	(void)unused;
	signer_make(&ours);
	signer_make(&theirs);
	signer_sign(&theirs, true, content, strlen(content), "", &text);
	assert_int_equal(check(&ours, text.data, text.len, content, strlen(content)), -ENOKEY);
	/* The same id, but another key: somebody pretends. */
	memcpy(ours.public.id, theirs.public.id, sizeof ours.public.id);
	assert_int_equal(check(&ours, text.data, text.len, content, strlen(content)), -EBADMSG);
}

/* Whichever bit of the file is another, the file is another. */
static void every_bit_of_the_file_counts(void **unused)
{
	(void)unused;
	for (int prehashed = 0; prehashed < 2; prehashed++) {
		struct signer s;
		AUTO_BUF struct buf text = { 0 };
		char data[sizeof content];

		signer_make(&s);
		signer_sign(&s, prehashed, content, strlen(content), "c", &text);
		for (size_t bit = 0; bit < strlen(content) * 8; bit++) {
			memcpy(data, content, sizeof data);
			data[bit / 8] ^= (char)(1 << bit % 8);
			if (check(&s, text.data, text.len, data, strlen(content)) != -EBADMSG)
				fail_msg("bit %zu of the file does not count", bit);
		}
		assert_int_equal(check(&s, text.data, text.len, content, strlen(content) - 1),
				 -EBADMSG);
	}
}

/* Every letter of lines 2, 3 and 4 counts; of line 1 none, as its name says. */
static void every_letter_of_the_signature_counts(void **unused)
{
	struct signer s;
	AUTO_BUF struct buf text = { 0 };
	const char *line2;

	(void)unused;
	signer_make(&s);
	signer_sign(&s, true, content, strlen(content), "trusted words", &text);
	line2 = strchr(text.data, '\n') + 1;
	for (char *p = text.data; p < text.data + text.len - 1; p++) {
		char kept = *p;

		*p = kept == 'A' ? 'B' : 'A';
		int rc = check(&s, text.data, text.len, content, strlen(content));

		if ((rc == 0) !=
		    (p < line2 && p >= text.data + strlen("untrusted comment: ") && kept != '\n'))
			fail_msg("byte %zu of the signature: %d", (size_t)(p - text.data), rc);
		*p = kept;
	}
}

static void a_changed_trusted_comment_is_told(void **unused)
{
	struct signer s;
	AUTO_BUF struct buf text = { 0 };

	(void)unused;
	signer_make(&s);
	signer_sign(&s, true, content, strlen(content), "version 1", &text);
	*strstr(text.data, "version 1") = 'V';
	assert_int_equal(check(&s, text.data, text.len, content, strlen(content)), -EPROTO);
}

static void every_cut_is_refused(void **unused)
{
	struct signer s;
	AUTO_BUF struct buf text = { 0 };

	(void)unused;
	signer_make(&s);
	signer_sign(&s, true, content, strlen(content), "c", &text);
	for (size_t len = 0; len + 1 < text.len; len++) /* the last newline may lack */
		if (check(&s, text.data, len, content, strlen(content)) == 0)
			fail_msg("%zu of %zu bytes are enough", len, text.len);
	assert_int_equal(check(&s, text.data, text.len - 1, content, strlen(content)), 0);
}

#define A32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
/* As many bytes as there must be, all zero. */
#define SIG64 "RUQ" A32 A32 A32 "="
#define GLOBAL64                                                                                   \
	A32 A32 "AAAAAAAAAAAAAAAAAAAAAA"                                                           \
		"=="
#define UNTRUSTED "untrusted comment: x\n"
#define TRUSTED   "trusted comment: y\n"

static const struct {
	const char *name, *text, *why; /* NULL: accepted */
} parse_rows[] = {
	{ "whole", UNTRUSTED SIG64 "\n" TRUSTED GLOBAL64 "\n", NULL },
	{ "written on Windows",
	  "untrusted comment: x\r\n" SIG64 "\r\ntrusted comment: y\r\n" GLOBAL64 "\r\n", NULL },
	{ "no comment in the comments",
	  "untrusted comment: \n" SIG64 "\ntrusted comment: \n" GLOBAL64, NULL },
	{ "empty", "", "line 1" },
	{ "a signature of something else", "-----BEGIN PGP SIGNATURE-----\n", "line 1" },
	{ "a public key", UNTRUSTED "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n",
	  "line 2" },
	{ "an algorithm that we do not know",
	  UNTRUSTED "RVQ"
		    "AAAA\n",
	  "line 2" },
	{ "bad base64", UNTRUSTED "R!QAAAAA\n" TRUSTED GLOBAL64 "\n", "line 2" },
	{ "no trusted comment", UNTRUSTED SIG64 "\n", "line 3" },
	{ "a trusted comment of the old form", UNTRUSTED SIG64 "\n" UNTRUSTED GLOBAL64 "\n",
	  "line 3" },
	{ "an escape for the terminal", UNTRUSTED SIG64 "\ntrusted comment: \033[2J\n" GLOBAL64,
	  "line 3" },
	{ "no global signature", UNTRUSTED SIG64 "\n" TRUSTED, "line 4" },
	{ "a global signature that is too short", UNTRUSTED SIG64 "\n" TRUSTED "AAAA\n", "line 4" },
	{ "a fifth line", UNTRUSTED SIG64 "\n" TRUSTED GLOBAL64 "\nx\n", "after line 4" },
};

static void parses_signatures(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(parse_rows); i++) {
		struct minisig sig;
		const char *why = "";
		int rc = minisig_parse(parse_rows[i].text, strlen(parse_rows[i].text), &sig, &why);

		if (rc != (parse_rows[i].why == NULL ? 0 : -EINVAL) ||
		    (rc < 0 && strstr(why, parse_rows[i].why) == NULL))
			fail_msg("minisig_parse: %s: %d %s", parse_rows[i].name, rc, why);
	}
}

static void refuses_what_is_too_long(void **unused)
{
	AUTO_BUF struct buf text = { 0 };
	struct minisig sig;
	const char *why = "";

	(void)unused;
	assert_int_equal(buf_add_text(&text, UNTRUSTED SIG64 "\ntrusted comment: "), 0);
	for (int i = 0; i < MINISIG_COMMENT_MAX; i++)
		assert_int_equal(buf_add_text(&text, "y"), 0);
	assert_int_equal(buf_add_text(&text, "\n" GLOBAL64 "\n"), 0);
	assert_int_equal(minisig_parse(text.data, text.len, &sig, &why), -EINVAL);
	assert_non_null(strstr(why, "line 3"));
	while (text.len <= MINISIG_BYTES_MAX)
		assert_int_equal(buf_add_text(&text, "y"), 0);
	assert_int_equal(minisig_parse(text.data, text.len, &sig, &why), -EINVAL);
	assert_non_null(strstr(why, "too long"));
}

static const struct {
	const char *name, *text, *id; /* NULL: refused */
} key_rows[] = {
	{ "minisign's own", "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
	  "E7620F1842B4E81F" },
	{ "empty", "", NULL },
	{ "a letter short", "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO", NULL },
	{ "of another algorithm", "RUQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
	  NULL },
	{ "a byte that libsodium takes for a digit",
	  "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73\337"
	  "7GFO3",
	  NULL },
	{ "with what stands around it in a file",
	  "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n", NULL },
};

static void parses_keys(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(key_rows); i++) {
		struct minisig_key key;
		char id[MINISIG_ID_TEXT], text[MINISIG_KEY_TEXT];
		int rc = minisig_key_parse(key_rows[i].text, &key);

		if (rc != (key_rows[i].id != NULL ? 0 : -EINVAL))
			fail_msg("minisig_key_parse: %s", key_rows[i].name);
		if (rc < 0)
			continue;
		minisig_id_text(key.id, id);
		minisig_key_text(&key, text);
		assert_string_equal(id, key_rows[i].id);
		assert_string_equal(text, key_rows[i].text);
	}
}

static int file_of(const void *data, size_t len)
{
	char path[] = "/tmp/minisig-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0 && unlink(path) == 0);
	assert_int_equal(fs_write_all(fd, data, len), 0);
	return fd;
}

/* What we sign, we take; a file of any length, wherever it is read just now. */
static void signs_files(void **unused)
{
	static char data[100000];
	AUTO_FD int fd = file_of(data, sizeof data), other = file_of(data, sizeof data - 1);
	AUTO_BUF struct buf secret = { 0 }, text = { 0 };
	struct minisig_secret key;
	struct minisig sig;
	struct signer s;

	(void)unused;
	signer_make(&s);
	signer_secret(&s, false, &secret);
	assert_int_equal(minisig_secret_parse(secret.data, secret.len, &key, NULL), 0);
	assert_memory_equal(&key.public, &s.public, sizeof key.public);
	assert_int_equal(minisig_sign_fd(&key, fd, "file:x", &text), 0);
	assert_int_equal(minisig_parse(text.data, text.len, &sig, NULL), 0);
	assert_string_equal(sig.comment, "file:x");
	assert_int_equal(minisig_verify(&sig, &s.public, data, sizeof data), 0);
	assert_int_equal(minisig_verify_fd(&sig, &s.public, fd), 0);
	assert_int_equal(minisig_verify_fd(&sig, &s.public, other), -EBADMSG);
	assert_int_equal(minisig_verify_fd(&sig, &s.public, -1), -EBADF);
	sig.comment[0] = 'F';
	assert_int_equal(minisig_verify_fd(&sig, &s.public, fd), -EPROTO);
	sig.id[0] ^= 1;
	assert_int_equal(minisig_verify_fd(&sig, &s.public, fd), -ENOKEY);
	minisig_secret_wipe(&key);
	assert_int_equal(key.key[0] | key.key[63], 0);
}

/* All of a file is needed for the old algorithm: none is taken for good unread. */
static void old_signatures_of_open_files_are_not_judged(void **unused)
{
	AUTO_FD int fd = file_of(content, strlen(content));
	AUTO_BUF struct buf text = { 0 };
	struct minisig sig;
	struct signer s;

	(void)unused;
	signer_make(&s);
	signer_sign(&s, false, content, strlen(content), "c", &text);
	assert_int_equal(minisig_parse(text.data, text.len, &sig, NULL), 0);
	assert_int_equal(minisig_verify_fd(&sig, &s.public, fd), -ENOTSUP);
}

static void refuses_other_secret_keys(void **unused)
{
	AUTO_BUF struct buf secret = { 0 }, locked = { 0 };
	struct minisig_secret key;
	const char *why = "";
	struct signer s;
	char *line;

	(void)unused;
	signer_make(&s);
	signer_secret(&s, true, &locked);
	assert_int_equal(minisig_secret_parse(locked.data, locked.len, &key, &why), -EACCES);
	assert_non_null(strstr(why, "password"));
	signer_secret(&s, false, &secret);
	assert_int_equal(minisig_secret_parse(secret.data, secret.len - 9, &key, &why), -EINVAL);
	line = strchr(secret.data, '\n') + 1;
	line[120] = line[120] == 'A' ? 'B' : 'A'; /* a letter of the key itself */
	assert_int_equal(minisig_secret_parse(secret.data, secret.len, &key, &why), -EINVAL);
	assert_non_null(strstr(why, "damaged"));
	assert_int_equal(minisig_secret_parse(line, strlen(line), &key, &why), -EINVAL);
	assert_int_equal(minisig_secret_parse("", 0, &key, &why), -EINVAL);
}

static int run_minisign(const char *const *argv)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		(void)execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What we take for minisign's format, minisign itself must take for it. */
static void minisign_agrees(void **unused)
{
	char dir[] = "/tmp/minisig-XXXXXX", file[64], signature[64];
	char key[MINISIG_KEY_TEXT];
	const char *const probe[] = { "minisign", "-v", NULL };
	const char *const verify[] = { "minisign", "-V", "-q", "-P", key, "-m", file, NULL };
	AUTO_BUF struct buf text = { 0 };
	struct signer s;

	(void)unused;
	if (run_minisign(probe) == 127)
		skip();
	assert_non_null(mkdtemp(dir));
	(void)TEXT_FORMAT(file, "%s/catalogue.json", dir);
	(void)TEXT_FORMAT(signature, "%s.minisig", file);
	signer_make(&s);
	signer_sign(&s, true, content, strlen(content), "c", &text);
	minisig_key_text(&s.public, key);
	assert_int_equal(fs_replace(AT_FDCWD, file, content, strlen(content), 0600), 0);
	assert_int_equal(fs_replace(AT_FDCWD, signature, text.data, text.len, 0600), 0);
	assert_int_equal(run_minisign(verify), 0);
	assert_int_equal(fs_replace(AT_FDCWD, file, "another", 7, 0600), 0);
	assert_int_not_equal(run_minisign(verify), 0);
	assert_int_equal(fs_remove(AT_FDCWD, dir), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_both_algorithms),
		cmocka_unit_test(another_key_is_told_from_a_change),
		cmocka_unit_test(every_bit_of_the_file_counts),
		cmocka_unit_test(every_letter_of_the_signature_counts),
		cmocka_unit_test(a_changed_trusted_comment_is_told),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(parses_signatures),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(parses_keys),
		cmocka_unit_test(signs_files),
		cmocka_unit_test(old_signatures_of_open_files_are_not_judged),
		cmocka_unit_test(refuses_other_secret_keys),
		cmocka_unit_test(minisign_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
