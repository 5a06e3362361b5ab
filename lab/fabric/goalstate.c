/* Renders the documents that make up a goal state. */
#include "goalstate.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"

#include "blob.h"
#include "http.h"
#include "version.h"
#include "xml.h"

enum { LEVELS_MAX = 16 };

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define XSI      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""

static const char main_template[] = XML_HEAD
	"<GoalState " XSI " xsi:noNamespaceSchemaLocation=\"goalstate10.xsd\">\n"
	"  <Version>2012-11-30</Version>\n"
	"  <Incarnation>{incarnation}</Incarnation>\n"
	"  <Machine>\n"
	"    <ExpectedState>Started</ExpectedState>\n"
	"    <StopRolesDeadlineHint>300000</StopRolesDeadlineHint>\n"
	"    <LBProbePorts><Port>16001</Port></LBProbePorts>\n"
	"    <ExpectHealthReport>FALSE</ExpectHealthReport>\n"
	"  </Machine>\n"
	"  <Container>\n"
	"    <ContainerId>{container}</ContainerId>\n"
	"    <RoleInstanceList>\n"
	"      <RoleInstance>\n"
	"        <InstanceId>{role}</InstanceId>\n"
	"        <State>Started</State>\n"
	"        <Configuration>\n"
	"          <HostingEnvironmentConfig>{base}hostingEnvironmentConfig{tail}"
	"</HostingEnvironmentConfig>\n"
	"          <SharedConfig>{base}sharedConfig{tail}</SharedConfig>\n"
	"          <ExtensionsConfig>{base}extensionsConfig{tail}</ExtensionsConfig>\n"
	"          <FullConfig>{base}fullConfig{tail}</FullConfig>\n"
	"          <Certificates>{certificates}</Certificates>\n"
	"          <ConfigName>{config}</ConfigName>\n"
	"        </Configuration>\n"
	"      </RoleInstance>\n"
	"    </RoleInstanceList>\n"
	"  </Container>\n"
	"</GoalState>\n";

static const char hosting_template[] = XML_HEAD
	"<HostingEnvironmentConfig version=\"1.0.0.0\" goalStateIncarnation=\"{incarnation}\">\n"
	"  <StoredCertificates><StoredCertificate name=\"TenantEncryptionCert\" "
	"certificateId=\"sha1:{thumbprint}\" storeName=\"My\" configurationLevel=\"System\" />"
	"</StoredCertificates>\n"
	"  <Deployment name=\"{deployment}\" guid=\"{deployment}\" incarnation=\"0\">\n"
	"    <Service name=\"{service}\" guid=\"{deployment}\" />\n"
	"    <ServiceInstance name=\"{deployment}.0\" guid=\"{deployment}\" />\n"
	"  </Deployment>\n"
	"  <Incarnation number=\"1\" instance=\"{vm}\" guid=\"{vmId}\" />\n"
	"  <Role guid=\"{vmId}\" name=\"{vm}\" hostingEnvironmentVersion=\"1\" software=\"\" "
	"softwareType=\"ApplicationPackage\" entryPoint=\"\" parameters=\"\" "
	"settleTimeSeconds=\"0\" />\n"
	"  <HostingEnvironmentSettings name=\"full\" Runtime=\"\" />\n"
	"</HostingEnvironmentConfig>\n";

static const char shared_template[] = XML_HEAD
	"<SharedConfig version=\"1.0.0.0\" goalStateIncarnation=\"{incarnation}\">\n"
	"  <Deployment name=\"{deployment}\" guid=\"{deployment}\" incarnation=\"0\" "
	"isNonCancellableTopologyChangeEnabled=\"false\">\n"
	"    <Service name=\"{service}\" guid=\"{deployment}\" />\n"
	"    <ServiceInstance name=\"{deployment}.0\" guid=\"{deployment}\" />\n"
	"  </Deployment>\n"
	"  <Incarnation number=\"1\" instance=\"{vm}\" guid=\"{vmId}\" />\n"
	"  <Role guid=\"{vmId}\" name=\"{vm}\" settleTimeSeconds=\"0\" />\n"
	"  <LoadBalancerSettings timeoutSeconds=\"0\" waitLoadBalancerProbeCount=\"8\" />\n"
	"  <OutputEndpoints />\n"
	"  <Instances>\n"
	"    <Instance id=\"{vm}\" address=\"{address}\"{+rdma}>\n"
	"      <FaultDomains randomId=\"0\" updateId=\"0\" updateCount=\"0\" />\n"
	"      <InputEndpoints />\n"
	"    </Instance>\n"
	"  </Instances>\n"
	"</SharedConfig>\n";

static const char certificates_template[] = XML_HEAD
	"<CertificateFile " XSI " xsi:noNamespaceSchemaLocation=\"certificates10.xsd\">\n"
	"  <Version>2010-12-15</Version>\n"
	"  <Incarnation>{incarnation}</Incarnation>\n"
	"  <Format>Pkcs7BlobWithPfxContents</Format>\n"
	"  <Data>{+data}</Data>\n"
	"</CertificateFile>\n";

static const char extensions_template[] = XML_HEAD
	"<Extensions version=\"1.0.0.0\" goalStateIncarnation=\"{incarnation}\">"
	"<GuestAgentExtension xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">\n"
	"  <GAFamilies><GAFamily><Name>Prod</Name><Uris><Uri>{agent}</Uri></Uris></GAFamily>"
	"</GAFamilies>\n"
	"  <Location>{agent}</Location>\n"
	"  <ServiceName>CRP</ServiceName>\n"
	"</GuestAgentExtension>\n"
	"<StatusUploadBlob statusBlobType=\"{blobType}\">{status}</StatusUploadBlob>\n"
	"<InVMGoalStateMetaData inSvdSeqNo=\"{incarnation}\" createdOnTicks=\"{created}\" "
	"activityId=\"{activity}\" correlationId=\"{correlation}\" />\n"
	"<Plugins>{+plugins}</Plugins>\n"
	"<PluginSettings>{+settings}</PluginSettings>\n"
	"</Extensions>\n";

static const char plugin_template[] =
	"\n  <Plugin name=\"{name}\" version=\"{version}\" location=\"{manifest}\" "
	"failoverlocation=\"{manifest}\" state=\"{state}\" autoUpgrade=\"{auto}\" "
	"runAsStartupTask=\"false\" isJson=\"true\" useExactVersion=\"true\" />";

static const char settings_template[] =
	"\n  <Plugin name=\"{name}\" version=\"{version}\">{+after}"
	"<RuntimeSettings seqNo=\"{seqNo}\">{settings}</RuntimeSettings></Plugin>";

static const char manifest_template[] = XML_HEAD
	"<PluginVersionManifest xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n"
	"  <Plugins>{+plugins}</Plugins>\n"
	"  <InternalPlugins />\n"
	"</PluginVersionManifest>\n";

static const char manifest_plugin_template[] =
	"\n    <Plugin><Version>{version}</Version><Uris><Uri>{uri}</Uri></Uris></Plugin>";

/* ---- small parts --------------------------------------------------------------------------- */

int64_t goalstate_ticks(int64_t time_ms)
{
	const int64_t unix_epoch = INT64_C(621355968000000000);

	return unix_epoch + time_ms * 10000;
}

static void number_text(const json_t *j, const char *path, char ret[static 24])
{
	(void)text_format(ret, 24, "%lld", json_int_at(j, path, 0));
}

/* "<container>._<vm>": the instance of a role. */
static int role_name(const struct guest *vm, char *ret, size_t size)
{
	return text_format(ret, size, "%s._%s", json_text_at(vm->doc, "deploymentId", ""),
			   vm->name);
}

int goalstate_config_name(const struct guest *vm, char *ret, size_t size)
{
	const char *deployment = json_text_at(vm->doc, "deploymentId", "");

	return text_format(ret, size, "%s.0.%s.0._%s.1.xml", deployment, deployment, vm->name);
}

static const char *guest_text(const struct guest *vm, const char *key)
{
	return json_string_value(json_object_get(json_object_get(vm->doc, "vm"), key));
}

/* ---- the wire server's documents ------------------------------------------------------------ */

int goalstate_main(const struct fabric *f, const struct guest *vm, const json_t *goal,
		   struct buf *ret)
{
	const struct listener *l = f->listeners[FABRIC_WIRE];
	const char *container = json_text_at(vm->doc, "containerId", "");
	char incarnation[24], role[160], config[256], root[320], base[384], tail[64];
	char certificates[448];

	number_text(goal, "incarnation", incarnation);
	(void)role_name(vm, role, sizeof role);
	(void)goalstate_config_name(vm, config, sizeof config);
	(void)TEXT_FORMAT(root, "http://%s:%d/machine/%s/%s", listener_address(l), listener_port(l),
			  container, role);
	(void)TEXT_FORMAT(base, "%s?comp=config&type=", root);
	(void)TEXT_FORMAT(tail, "&incarnation=%s", incarnation);
	(void)TEXT_FORMAT(certificates, "%s?comp=certificates%s", root, tail);
	const struct xml_slot slots[] = {
		{ "incarnation", incarnation },
		{ "container", container },
		{ "role", role },
		{ "base", base },
		{ "tail", tail },
		{ "config", config },
		{ "certificates", certificates },
	};

	return xml_fill(ret, main_template, slots, ARRAY_SIZE(slots));
}

int goalstate_hosting(const struct guest *vm, const json_t *goal, struct buf *ret)
{
	char incarnation[24];

	number_text(goal, "incarnation", incarnation);
	const struct xml_slot slots[] = {
		{ "incarnation", incarnation },
		{ "thumbprint", json_text_at(vm->doc, "certificate.thumbprint", "") },
		{ "deployment", json_text_at(vm->doc, "deploymentId", "") },
		{ "service", guest_text(vm, "resourceGroup") },
		{ "vm", vm->name },
		{ "vmId", guest_text(vm, "vmId") },
	};

	return xml_fill(ret, hosting_template, slots, ARRAY_SIZE(slots));
}

/* The attributes that the agent's RDMA code and old handlers look for, or nothing. */
static int rdma_attributes(const struct guest *vm, struct buf *ret)
{
	const json_t *pair = json_at(vm->doc, "vm.ipoib.0");
	const struct xml_slot slots[] = {
		{ "mac", json_text_at(pair, "mac", "") },
		{ "address", json_text_at(pair, "address", "") },
	};

	if (!pair)
		return 0;
	return xml_fill(ret, " rdmaMacAddress=\"{mac}\" rdmaIPv4Address=\"{address}\"", slots,
			ARRAY_SIZE(slots));
}

int goalstate_shared(const struct guest *vm, const json_t *goal, struct buf *ret)
{
	struct buf rdma AUTO_BUF = { 0 };
	char incarnation[24];
	int rc = rdma_attributes(vm, &rdma);

	number_text(goal, "incarnation", incarnation);
	const struct xml_slot slots[] = {
		{ "incarnation", incarnation },
		{ "deployment", json_text_at(vm->doc, "deploymentId", "") },
		{ "service", guest_text(vm, "resourceGroup") },
		{ "vm", vm->name },
		{ "vmId", guest_text(vm, "vmId") },
		{ "address", vm->address },
		{ "rdma", buf_text(&rdma) },
	};

	return rc < 0 ? rc : xml_fill(ret, shared_template, slots, ARRAY_SIZE(slots));
}

int goalstate_certificates(const json_t *goal, const char *data, struct buf *ret)
{
	char incarnation[24];

	number_text(goal, "incarnation", incarnation);
	const struct xml_slot slots[] = { { "incarnation", incarnation }, { "data", data } };

	return xml_fill(ret, certificates_template, slots, ARRAY_SIZE(slots));
}

/* ---- extensions ---------------------------------------------------------------------------- */

static int manifest_url(const struct fabric *f, const json_t *ext, struct buf *ret)
{
	char handler[BLOB_PATH_MAX / 2], path[BLOB_PATH_MAX];

	if (extension_handler_name(ext, handler, sizeof handler) < 0 ||
	    blob_manifest_path(handler, path, sizeof path) < 0)
		return -ENAMETOOLONG;
	return blob_url(f, path, "r", ret);
}

static bool has_settings(const json_t *ext)
{
	return json_at(ext, "settings") || json_at(ext, "protectedSettings");
}

/* {"publicSettings":{...},"protectedSettings":...,"protectedSettingsCertThumbprint":...}, with what
 * was not given left out. The public ones are an object here and text in vmSettings. */
static json_t *handler_settings(const json_t *ext, const char *thumbprint)
{
	json_t *ret = json_object(), *settings = json_at(ext, "settings");
	json_t *secret = json_at(ext, "protectedSettings");

	if (secret) {
		(void)json_object_set_new(ret, "protectedSettingsCertThumbprint",
					  json_string(thumbprint));
		(void)json_object_set(ret, "protectedSettings", secret);
	}
	if (settings)
		(void)json_object_set(ret, "publicSettings", settings);
	return ret;
}

static int plugin_add(const struct fabric *f, const json_t *ext, struct buf *ret)
{
	struct buf url AUTO_BUF = { 0 };
	char handler[BLOB_PATH_MAX / 2];
	int rc = manifest_url(f, ext, &url);

	if (rc < 0 || (rc = extension_handler_name(ext, handler, sizeof handler)) < 0)
		return rc;
	const struct xml_slot slots[] = {
		{ "name", handler },
		{ "version", json_text_at(ext, "version", "") },
		{ "manifest", buf_text(&url) },
		{ "state", json_text_at(ext, "state", "") },
		{ "auto", json_bool_at(ext, "autoUpgrade", false) ? "true" : "false" },
	};

	return xml_fill(ret, plugin_template, slots, ARRAY_SIZE(slots));
}

/* How many others come before it, one after the other; 0: none. A ring ends at the limit. */
static int level_of(const json_t *goal, const json_t *ext, int limit)
{
	int level = 0;
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(ext, "after"), i, name)
	{
		const json_t *before = extension_find(goal, json_string_value(name));
		int above = before && limit > 0 ? 1 + level_of(goal, before, limit - 1) : 0;

		level = above > level ? above : level;
	}
	return level;
}

/* <DependsOn> of an extension that waits for others: the agent keeps to it. */
static int after_add(const json_t *goal, const json_t *ext, struct buf *ret)
{
	int level = level_of(goal, ext, LEVELS_MAX), rc;
	json_t *name;
	size_t i;

	if (level == 0)
		return 0;
	rc = buf_add_format(ret, "<DependsOn dependencyLevel=\"%d\">", level);
	json_array_foreach(json_object_get(ext, "after"), i, name)
	{
		const json_t *before = extension_find(goal, json_string_value(name));
		char handler[BLOB_PATH_MAX / 2] = "";
		const struct xml_slot slots[] = { { "handler", handler } };

		if (rc < 0 || !before ||
		    extension_handler_name(before, handler, sizeof handler) < 0)
			continue;
		rc = xml_fill(ret, "<DependsOnExtension handler=\"{handler}\" />", slots,
			      ARRAY_SIZE(slots));
	}
	return rc < 0 ? rc : buf_add_text(ret, "</DependsOn>");
}

static int settings_add(const struct guest *vm, const json_t *goal, const json_t *ext,
			struct buf *ret)
{
	const char *thumbprint = json_text_at(vm->doc, "certificate.thumbprint", "");
	json_t *runtime AUTO_JSON = json_pack("{s:[{s:o}]}", "runtimeSettings", "handlerSettings",
					      handler_settings(ext, thumbprint));
	struct buf text AUTO_BUF = { 0 }, after AUTO_BUF = { 0 };
	char handler[BLOB_PATH_MAX / 2], seq_no[24];
	int rc = extension_handler_name(ext, handler, sizeof handler);

	if (rc < 0 || (rc = json_write(runtime, false, &text)) < 0 ||
	    (rc = after_add(goal, ext, &after)) < 0)
		return rc;
	number_text(ext, "seqNo", seq_no);
	const struct xml_slot slots[] = {
		{ "name", handler },
		{ "version", json_text_at(ext, "version", "") },
		{ "seqNo", seq_no },
		{ "after", buf_text(&after) },
		{ "settings", buf_text(&text) },
	};

	return xml_fill(ret, settings_template, slots, ARRAY_SIZE(slots));
}

static int plugins_add(const struct fabric *f, const struct guest *vm, const json_t *goal,
		       struct buf *plugins, struct buf *settings)
{
	size_t i;
	json_t *ext;
	int rc = 0;

	json_array_foreach(json_object_get(goal, "extensions"), i, ext)
	{
		rc = plugin_add(f, ext, plugins);
		if (rc == 0 && (has_settings(ext) || json_object_get(ext, "after")))
			rc = settings_add(vm, goal, ext, settings);
		if (rc < 0)
			break;
	}
	return rc;
}

static const char *blob_type(const struct guest *vm)
{
	return json_bool_at(vm->doc, "vm.pageBlob", false) ? "PageBlob" : "BlockBlob";
}

int goalstate_extensions(const struct fabric *f, const struct guest *vm, const json_t *goal,
			 struct buf *ret)
{
	struct buf plugins AUTO_BUF = { 0 }, settings AUTO_BUF = { 0 };
	struct buf agent AUTO_BUF = { 0 }, status AUTO_BUF = { 0 };
	char path[BLOB_PATH_MAX], incarnation[24], created[24];
	int rc = blob_status_path(vm, path, sizeof path);

	if (rc < 0 || (rc = blob_url(f, path, "w", &status)) < 0 ||
	    (rc = blob_url(f, GOALSTATE_AGENT_MANIFEST, "r", &agent)) < 0 ||
	    (rc = plugins_add(f, vm, goal, &plugins, &settings)) < 0)
		return rc;
	number_text(goal, "incarnation", incarnation);
	number_text(goal, "created", created);
	const struct xml_slot slots[] = {
		{ "incarnation", incarnation },
		{ "agent", buf_text(&agent) },
		{ "blobType", blob_type(vm) },
		{ "status", buf_text(&status) },
		{ "created", created },
		{ "activity", json_text_at(goal, "activityId", "") },
		{ "correlation", json_text_at(goal, "correlationId", "") },
		{ "plugins", buf_text(&plugins) },
		{ "settings", buf_text(&settings) },
	};

	return xml_fill(ret, extensions_template, slots, ARRAY_SIZE(slots));
}

int goalstate_manifest(const struct fabric *f, const json_t *entry, struct buf *ret)
{
	struct buf plugins AUTO_BUF = { 0 };
	const char *version;
	json_t *path;
	int rc = 0;

	json_object_foreach(json_object_get(entry, "versions"), version, path)
	{
		struct buf url AUTO_BUF = { 0 };
		char blob[BLOB_PATH_MAX];

		(void)TEXT_FORMAT(blob, "/catalogue/%s.%s/%s.zip",
				  json_text_at(entry, "publisher", ""),
				  json_text_at(entry, "type", ""), version);
		rc = blob_url(f, blob, "r", &url);
		const struct xml_slot slots[] = { { "version", version },
						  { "uri", buf_text(&url) } };

		if (rc == 0)
			rc = xml_fill(&plugins, manifest_plugin_template, slots, ARRAY_SIZE(slots));
		if (rc < 0)
			return rc;
	}
	const struct xml_slot slots[] = { { "plugins", buf_text(&plugins) } };

	return xml_fill(ret, manifest_template, slots, ARRAY_SIZE(slots));
}
