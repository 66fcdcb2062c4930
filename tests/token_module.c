/*
 * A PKCS#11 module for tests: SoftHSM's, but for what $KM_TEST_TOKEN says (see below), so that tests can have tokens
 * that SoftHSM is not. Each login is a byte more in the file $KM_TEST_TOKEN_LOGINS.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST *real; /* SoftHSM's */
static CK_FUNCTION_LIST ours;

static bool is(const char *what)
{
	const char *said = getenv("KM_TEST_TOKEN");
	return said && strcmp(said, what) == 0;
}

static CK_RV get_slots(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
	if (!is("gone"))
		return real->C_GetSlotList(present, slots, count);
	*count = 0;
	return CKR_OK;
}

static CK_RV get_token(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV result = real->C_GetTokenInfo(slot, info);
	if (is("final-try"))
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	if (is("locked"))
		info->flags |= CKF_USER_PIN_LOCKED;
	return result;
}

static CK_RV get_mechanism(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	if ((is("no-signing") && type == CKM_EDDSA) || (is("no-making") && type == CKM_EC_EDWARDS_KEY_PAIR_GEN))
		return CKR_MECHANISM_INVALID;
	return real->C_GetMechanismInfo(slot, type, info);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	const char *path = getenv("KM_TEST_TOKEN_LOGINS");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	if (fd >= 0) {
		if (write(fd, ".", 1) != 1)
			abort();
		close(fd);
	}
	return real->C_Login(session, user, pin, len);
}

/* "bare-point": the 32 bytes without the OCTET STRING around them. "extractable": the key could be copied. */
static CK_RV get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes,
                            CK_ULONG count)
{
	CK_RV result = real->C_GetAttributeValue(session, object, attributes, count);
	for (CK_ULONG i = 0; result == CKR_OK && i < count; i++) {
		CK_ATTRIBUTE *attribute = &attributes[i];
		if (is("bare-point") && attribute->type == CKA_EC_POINT && attribute->pValue) {
			attribute->ulValueLen -= 2;
			memmove(attribute->pValue, (char *)attribute->pValue + 2, attribute->ulValueLen);
		}
		if (is("extractable") && attribute->type == CKA_EXTRACTABLE && attribute->pValue)
			*(CK_BBOOL *)attribute->pValue = CK_TRUE;
	}
	return result;
}

/* "by-number": knows the curve by its object identifier only. */
static CK_RV generate(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_half,
                      CK_ULONG public_len, CK_ATTRIBUTE *private_half, CK_ULONG private_len,
                      CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	for (CK_ULONG i = 0; is("by-number") && i < public_len; i++)
		if (public_half[i].type == CKA_EC_PARAMS && *(const unsigned char *)public_half[i].pValue != 0x06)
			return CKR_CURVE_NOT_SUPPORTED;
	return real->C_GenerateKeyPair(session, mechanism, public_half, public_len, private_half, private_len, public_key,
	                               private_key);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return is("gone") ? CKR_DEVICE_REMOVED : real->C_SignInit(session, mechanism, key);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	void *softhsm = dlopen(KM_SOFTHSM, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get = softhsm ? (CK_C_GetFunctionList)dlsym(softhsm, "C_GetFunctionList") : NULL;
	if (!get || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	ours = *real;
	ours.C_GetSlotList = get_slots;
	ours.C_GetTokenInfo = get_token;
	ours.C_GetMechanismInfo = get_mechanism;
	ours.C_Login = login;
	ours.C_GetAttributeValue = get_attributes;
	ours.C_GenerateKeyPair = generate;
	ours.C_SignInit = sign_init;
	*list = &ours;
	return CKR_OK;
}
