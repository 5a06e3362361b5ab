/* fabric/certificates.h - the tenant certificate of a VM, and what is encrypted with it or with the
 * agent's transport certificate.
 *
 * Source: goal_state.py (Certificates) and cryptutil.py of the agent: it sends its certificate in a
 * header, runs `openssl cms -decrypt | openssl pkcs12 -password pass:` over the answer and names
 * the files by SHA-1 thumbprint. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* Make an RSA key and a certificate for it: {"key":PEM,"certificate":PEM,"thumbprint":"HEX"}, the
 * thumbprint as the agent writes it (SHA-1, upper case). NULL with *err set. */
json_t *certificate_make(struct error *err);

/* Encrypt a text for the holder of the certificate. Adds the base64 of the DER of a CMS
 * EnvelopedData, on one line: what stands as protectedSettings. */
NODISCARD int certificate_encrypt(const json_t *certificate, const char *text, struct buf *ret,
				  struct error *err);

/* The reverse. Fails for anything that the certificate's key does not open. */
NODISCARD int certificate_decrypt(const json_t *certificate, const char *base64, struct buf *ret,
				  struct error *err);

/* The body of the wire server's Certificates document: base64, in lines, of a CMS EnvelopedData for
 * `transport` (base64 of a DER certificate, as the header has it) that holds a PKCS #12 with
 * certificate and key under an empty password. `cipher` is the agent's x-ms-cipher-name, or NULL.
 * EINVAL in err->sys when transport is not a certificate or the cipher is unknown. */
NODISCARD int certificate_bundle(const json_t *certificate, const char *transport,
				 const char *cipher, struct buf *ret, struct error *err);
