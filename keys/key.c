#include "keys/key.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* scrypt (RFC 7914). OpenSSL reads no more than 32 MiB back, so the work that one passphrase costs grows by p. */
enum { SCRYPT_N = 1 << 14, SCRYPT_R = 8, SCRYPT_P = 5, SALT_BYTES = 16 };

/* Room for the keys of a registry and what OpenSSL keeps beside them. */
enum { GUARDED_BYTES = 64 * 1024, GUARDED_MIN_BYTES = 32 };

enum { PASSPHRASE_MAX = 1024, KEY_FILE_MAX = 8 * 1024 };

struct km_key {
	EVP_PKEY *pair;      /* NULL where it is elsewhere */
	EVP_MD_CTX *signing; /* ready to sign with it, to be copied: to look for the algorithm costs as much as to sign */
	struct km_key_elsewhere elsewhere;
	uint8_t public_half[KM_PUBLIC_BYTES]; /* kept, for to ask OpenSSL for it takes memory */
};

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}
static void free_pkcs8(PKCS8_PRIV_KEY_INFO **pkcs8)
{
	PKCS8_PRIV_KEY_INFO_free(*pkcs8); /* wipes */
}
static void free_encrypted(X509_SIG **encrypted)
{
	X509_SIG_free(*encrypted);
}
static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}
static void free_pair(EVP_PKEY **pair)
{
	EVP_PKEY_free(*pair);
}
#define auto_bio       __attribute__((cleanup(free_bio)))
#define auto_pkcs8     __attribute__((cleanup(free_pkcs8)))
#define auto_encrypted __attribute__((cleanup(free_encrypted)))
#define auto_context   __attribute__((cleanup(free_context)))
#define auto_pair      __attribute__((cleanup(free_pair)))

/* What OpenSSL says of a failure that no input can cause. */
static enum km_error openssl_fail(const char *doing, struct km_problem *problem)
{
	unsigned long last = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(last);
	/* Where memory runs out it says so, or nothing at all. */
	if (!last || ERR_GET_REASON(last) == ERR_R_MALLOC_FAILURE || !km_memory_left()) {
		ERR_clear_error();
		return km_fail_memory(problem);
	}
	km_fail(problem, KM_BUG, "openssl", "%s: OpenSSL failed: %s", doing, reason ? reason : "no reason given");
	ERR_clear_error();
	return KM_BUG;
}

/* Takes the pair over, also where it fails. */
static enum km_error wrap(EVP_PKEY *pair, struct km_key **ret_key, struct km_problem *problem)
{
	struct km_key *key = calloc(1, sizeof *key);
	if (!key) {
		EVP_PKEY_free(pair);
		return km_fail_memory(problem);
	}
	key->pair = pair;
	key->signing = EVP_MD_CTX_new();
	size_t len = KM_PUBLIC_BYTES;
	if (!key->signing || EVP_DigestSignInit(key->signing, NULL, NULL, NULL, pair) != 1 ||
	    EVP_PKEY_get_raw_public_key(pair, key->public_half, &len) != 1) {
		km_key_free(key);
		return openssl_fail("reading a key", problem);
	}
	*ret_key = key;
	return KM_OK;
}

void km_key_guard_memory(void)
{
	CRYPTO_secure_malloc_init(GUARDED_BYTES, GUARDED_MIN_BYTES);
}

enum km_error km_key_generate(struct km_key **ret_key, struct km_problem *problem)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return pair ? wrap(pair, ret_key, problem) : openssl_fail("making a key", problem);
}

enum km_error km_key_from_seed(const uint8_t seed[static 32], struct km_key **ret_key, struct km_problem *problem)
{
	EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	return pair ? wrap(pair, ret_key, problem) : openssl_fail("reading a seed", problem);
}

enum km_error km_key_elsewhere(const uint8_t public_key[static KM_PUBLIC_BYTES],
                               const struct km_key_elsewhere *elsewhere, struct km_key **ret_key,
                               struct km_problem *problem)
{
	struct km_key *key = calloc(1, sizeof *key);
	if (!key)
		return km_fail_memory(problem);
	key->elsewhere = *elsewhere;
	memcpy(key->public_half, public_key, KM_PUBLIC_BYTES);
	*ret_key = key;
	return KM_OK;
}

bool km_key_is_elsewhere(const struct km_key *key)
{
	return !key->pair;
}

void km_key_free(struct km_key *key)
{
	if (!key)
		return;
	if (!key->pair)
		key->elsewhere.let_go(key->elsewhere.context);
	EVP_MD_CTX_free(key->signing);
	EVP_PKEY_free(key->pair); /* wipes */
	free(key);
}

static bool encrypt(PKCS8_PRIV_KEY_INFO *pkcs8, const char *passphrase, X509_SIG **ret_encrypted)
{
	X509_ALGOR *scheme = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, SALT_BYTES, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	if (!scheme)
		return false;
	X509_SIG *encrypted = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), pkcs8, scheme);
	if (!encrypted) {
		X509_ALGOR_free(scheme);
		return false;
	}
	*ret_encrypted = encrypted;
	return true;
}

enum km_error km_key_save(const struct km_key *key, const char *path, const char *passphrase,
                          struct km_problem *problem)
{
	if (passphrase && (!*passphrase || strlen(passphrase) > PASSPHRASE_MAX))
		return km_fail(problem, KM_INVALID, "passphrase", "a passphrase must have 1 to %d bytes", PASSPHRASE_MAX);
	if (!key->pair)
		return km_fail(problem, KM_INVALID, "key-elsewhere", "%s: this key is not here to be saved", path);
	auto_pkcs8 PKCS8_PRIV_KEY_INFO *pkcs8 = EVP_PKEY2PKCS8(key->pair);
	auto_bio BIO *bio = BIO_new(BIO_s_secmem()); /* its buffer is wiped, also where it grows */
	if (!pkcs8 || !bio)
		return openssl_fail("writing a key", problem);
	if (passphrase) {
		auto_encrypted X509_SIG *encrypted = NULL;
		if (!encrypt(pkcs8, passphrase, &encrypted) || !PEM_write_bio_PKCS8(bio, encrypted))
			return openssl_fail("encrypting a key", problem);
	} else if (!PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, pkcs8)) {
		return openssl_fail("writing a key", problem);
	}
	char *pem;
	long len = BIO_get_mem_data(bio, &pem);
	return km_file_create(path, pem, (size_t)len, S_IRUSR | S_IWUSR, problem);
}

struct secret { /* bytes of a file; wiped when they go */
	char bytes[KEY_FILE_MAX + 1];
	size_t len;
};
static void wipe_secret(struct secret *secret)
{
	OPENSSL_cleanse(secret, sizeof *secret);
}
#define auto_secret __attribute__((cleanup(wipe_secret)))

static enum km_error check_private(int fd, const char *path, struct km_problem *problem)
{
	struct stat file;
	if (fstat(fd, &file) != 0)
		return km_fail(problem, KM_IO, "read", "%s: %s", path, strerror(errno));
	if (!S_ISREG(file.st_mode))
		return km_fail(problem, KM_INVALID, "not-a-file", "%s: this is not a file", path);
	/* What the service manager hands over belongs to root and its group, with an access list for the service's own user
	 * that shows as the group's right to read. */
	bool by_root = file.st_uid == 0 && file.st_gid == 0;
	if (file.st_mode & (by_root ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO))
		return km_fail(problem, KM_FORBIDDEN, "permissions",
		               "%s: others than its owner can get at this secret (mode %03o): run `chmod 600 %s`, and if they "
		               "may have read it, replace it",
		               path, (unsigned)file.st_mode & 0777, path);
	if (file.st_size > KEY_FILE_MAX)
		return km_fail(problem, KM_TOO_LARGE, "too-large", "%s: this is over %d bytes: is it the right file?", path,
		               KEY_FILE_MAX);
	return KM_OK;
}

static enum km_error read_all(int fd, const char *path, struct secret *secret, struct km_problem *problem)
{
	secret->len = 0;
	for (;;) {
		ssize_t got = read(fd, secret->bytes + secret->len, KEY_FILE_MAX - secret->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return km_fail(problem, KM_IO, "read", "%s: %s", path, strerror(errno));
		if (got == 0)
			break;
		secret->len += (size_t)got;
	}
	secret->bytes[secret->len] = '\0';
	return KM_OK;
}

/* Looks at the permissions of the very file that it reads. */
static enum km_error read_secret(const char *path, struct secret *secret, struct km_problem *problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
		           ? km_fail(problem, KM_ABSENT, "no-file", "%s: there is no such file", path)
		           : km_fail(problem, KM_IO, "read", "%s: %s", path, strerror(errno));
	enum km_error error = check_private(fd, path, problem);
	if (!error)
		error = read_all(fd, path, secret, problem);
	close(fd);
	return error;
}

static enum km_error decrypt(const X509_SIG *encrypted, const char *path, const char *passphrase,
                             PKCS8_PRIV_KEY_INFO **ret_pkcs8, struct km_problem *problem)
{
	if (!passphrase)
		return km_fail(problem, KM_UNPROVEN, "passphrase-missing",
		               "%s: this key is encrypted: name the file with its passphrase (--passphrase-file)", path);
	PKCS8_PRIV_KEY_INFO *pkcs8 = NULL;
	/* Twice, for the first time it may have been memory that lacked. */
	for (int i = 0; i < 2 && !pkcs8 && strlen(passphrase) <= PASSPHRASE_MAX; i++)
		pkcs8 = PKCS8_decrypt(encrypted, passphrase, (int)strlen(passphrase));
	ERR_clear_error();
	if (!pkcs8 && !km_memory_left())
		return km_fail_memory(problem);
	if (!pkcs8)
		return km_fail(problem, KM_UNPROVEN, "passphrase-wrong",
		               "%s: the passphrase does not open this key (or the file is damaged)", path);
	*ret_pkcs8 = pkcs8;
	return KM_OK;
}

/* Nothing here can ask for a passphrase: the PEM layer is only used to find the bytes. */
static enum km_error read_pkcs8(const struct secret *file, const char *path, const char *passphrase,
                                PKCS8_PRIV_KEY_INFO **ret_pkcs8, struct km_problem *problem)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long der_len = 0;
	auto_bio BIO *bio = BIO_new_mem_buf(file->bytes, (int)file->len);
	if (!bio)
		return km_fail_memory(problem);
	bool found = PEM_read_bio(bio, &name, &header, &der, &der_len) == 1;
	enum km_error error = KM_OK;
	const unsigned char *at = der;
	if (found && strcmp(name, PEM_STRING_PKCS8) == 0) {
		auto_encrypted X509_SIG *encrypted = d2i_X509_SIG(NULL, &at, der_len);
		if (encrypted)
			error = decrypt(encrypted, path, passphrase, ret_pkcs8, problem);
		found = encrypted;
	} else if (found && strcmp(name, PEM_STRING_PKCS8INF) == 0) {
		PKCS8_PRIV_KEY_INFO *pkcs8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, der_len);
		if (pkcs8)
			*ret_pkcs8 = pkcs8;
		found = pkcs8;
	} else {
		found = false;
	}
	if (!found)
		error =
			km_fail(problem, KM_INVALID, "not-a-key",
		            "%s: this is not a private key in PKCS#8 PEM form (BEGIN PRIVATE KEY or BEGIN ENCRYPTED PRIVATE "
		            "KEY)",
		            path);
	ERR_clear_error();
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(der, (size_t)der_len);
	return error;
}

enum km_error km_key_load(const char *path, const char *passphrase, struct km_key **ret_key, struct km_problem *problem)
{
	auto_secret struct secret file = {.len = 0};
	auto_pkcs8 PKCS8_PRIV_KEY_INFO *pkcs8 = NULL;
	enum km_error error = read_secret(path, &file, problem);
	if (error)
		return error;
	error = read_pkcs8(&file, path, passphrase, &pkcs8, problem);
	/* Once more, for OpenSSL does not tell a mistake in the file from memory that lacks. */
	if (error == KM_INVALID)
		error = km_memory_left() ? read_pkcs8(&file, path, passphrase, &pkcs8, problem) : km_fail_memory(problem);
	if (error)
		return error;
	EVP_PKEY *pair = EVP_PKCS82PKEY(pkcs8);
	if (!pair) /* once more, for the first time it may have been memory that lacked */
		pair = EVP_PKCS82PKEY(pkcs8);
	ERR_clear_error();
	if (!pair && !km_memory_left())
		return km_fail_memory(problem);
	if (!pair || !EVP_PKEY_is_a(pair, "ED25519")) {
		EVP_PKEY_free(pair);
		return km_fail(problem, KM_INVALID, "not-ed25519", "%s: this is a key of another kind: it must be Ed25519",
		               path);
	}
	return wrap(pair, ret_key, problem);
}

enum km_error km_passphrase_read(const char *path, char **ret_passphrase, struct km_problem *problem)
{
	auto_secret struct secret file = {.len = 0};
	enum km_error error = read_secret(path, &file, problem);
	if (error)
		return error;
	size_t len = strcspn(file.bytes, "\r\n");
	if (len == 0 || (len == strlen(file.bytes) && len < file.len))
		return km_fail(problem, KM_INVALID, "passphrase", "%s: the first line must hold a passphrase, as text", path);
	if (len > PASSPHRASE_MAX)
		return km_fail(problem, KM_TOO_LARGE, "too-large", "%s: the passphrase is over %d bytes", path, PASSPHRASE_MAX);
	char *passphrase = strndup(file.bytes, len);
	if (!passphrase)
		return km_fail_memory(problem);
	*ret_passphrase = passphrase;
	return KM_OK;
}

void km_passphrase_free(char *passphrase)
{
	if (!passphrase)
		return;
	OPENSSL_cleanse(passphrase, strlen(passphrase));
	free(passphrase);
}

void km_key_public(const struct km_key *key, uint8_t ret_public[static KM_PUBLIC_BYTES])
{
	memcpy(ret_public, key->public_half, KM_PUBLIC_BYTES);
}

static bool sign_once(const struct km_key *key, const void *message, size_t len,
                      uint8_t ret_signature[static KM_SIGNATURE_BYTES])
{
	size_t signature_len = KM_SIGNATURE_BYTES;
	auto_context EVP_MD_CTX *context = EVP_MD_CTX_new();
	return context && EVP_MD_CTX_copy_ex(context, key->signing) == 1 &&
	       EVP_DigestSign(context, ret_signature, &signature_len, message, len) == 1 &&
	       signature_len == KM_SIGNATURE_BYTES;
}

enum km_error km_key_sign(const struct km_key *key, const void *message, size_t len,
                          uint8_t ret_signature[static KM_SIGNATURE_BYTES], struct km_problem *problem)
{
	uint8_t signature[KM_SIGNATURE_BYTES];
	if (!key->pair)
		return key->elsewhere.sign(key->elsewhere.context, message, len, ret_signature, problem);
	/* Once more, for the first time it may have been memory that lacked. */
	if (!sign_once(key, message, len, signature) && !sign_once(key, message, len, signature))
		return openssl_fail("signing", problem);
	ERR_clear_error();
	memcpy(ret_signature, signature, sizeof signature);
	return KM_OK;
}

/* y of the points of order 1, 2, 4 and 8, little-endian, without the sign of x. */
static const uint8_t small_orders[][KM_PUBLIC_BYTES] = {
	{0x01},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0x00},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

bool km_public_key_sound(const uint8_t public_key[static KM_PUBLIC_BYTES])
{
	uint8_t y[KM_PUBLIC_BYTES];
	memcpy(y, public_key, sizeof y);
	y[31] &= 0x7f;
	/* RFC 8032, 5.1.3: y is below p = 2^255 - 19. OpenSSL would take it modulo p. */
	bool all_ones = y[31] == 0x7f;
	for (size_t i = 1; i < 31; i++)
		all_ones = all_ones && y[i] == 0xff;
	if (all_ones && y[0] >= 0xed)
		return false;
	for (size_t i = 0; i < sizeof small_orders / sizeof *small_orders; i++)
		if (memcmp(y, small_orders[i], sizeof y) == 0)
			return false;
	return true;
}

static bool fits(const uint8_t public_key[static KM_PUBLIC_BYTES], const void *message, size_t len,
                 const uint8_t signature[static KM_SIGNATURE_BYTES])
{
	auto_pair EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, KM_PUBLIC_BYTES);
	auto_context EVP_MD_CTX *context = EVP_MD_CTX_new();
	/* OpenSSL refuses S >= L, and compares R by its bytes. */
	bool valid = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
	             EVP_DigestVerify(context, signature, KM_SIGNATURE_BYTES, message, len) == 1;
	ERR_clear_error();
	return valid;
}

bool km_signature_valid(const uint8_t public_key[static KM_PUBLIC_BYTES], const void *message, size_t len,
                        const uint8_t signature[static KM_SIGNATURE_BYTES])
{
	/* Once more where it does not fit: OpenSSL does not tell that from memory that lacked for a moment. */
	return km_public_key_sound(public_key) &&
	       (fits(public_key, message, len, signature) || fits(public_key, message, len, signature));
}
