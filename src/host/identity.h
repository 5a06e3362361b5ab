/* host/identity.h - a token of the VM's managed identity.
 *
 * Source: learn.microsoft.com, "How to use managed identities for Azure resources on an Azure VM to
 * acquire an access token": http://169.254.169.254/metadata/identity/oauth2/token, header Metadata:
 * true. */
#pragma once

#include "host/metadata.h"

struct host;

/* A token for Azure Storage of the identity with this client id, into `ret`; wipe it after use.
 * METADATA_REFUSED also where the id or the answer is malformed. */
enum metadata_end identity_token(const struct host *h, const struct metadata_service *service,
				 const char *client_id, struct buf *ret, int *status);
