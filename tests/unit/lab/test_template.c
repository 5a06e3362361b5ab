/* Expressions, and templates made into resources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "lab/arm/lenient.h"
#include "lab/arm/template.h"

static const struct template_place place = { .subscription = "22222222",
					     .tenant = "11111111",
					     .resource_group = "myResourceGroup",
					     .location = "southcentralus",
					     .deployment = "azuredeploy" };

static json_t *read_text(const char *text)
{
	AUTO_BUF struct buf strict = { 0 };
	char why[160] = "";
	json_t *j;

	assert_int_equal(lenient_json(text, strlen(text), &strict), 0);
	j = json_parse(buf_text(&strict), strict.len, why, sizeof why);
	if (!j)
		fail_msg("%s in %s", why, text);
	return j;
}

static json_t *refer(void *ctx, const char *id, bool full, struct error *err)
{
	(void)ctx;
	(void)err;
	return json_pack("{s:s, s:b}", "of", id, "full", full);
}

#define GROUP "/subscriptions/22222222/resourceGroups/myResourceGroup"
#define VM    GROUP "/providers/Microsoft.Compute/virtualMachines/a"

static const struct {
	const char *text;
	const char *want; /* as JSON; or what the message of the error says */
	bool fails;
} expressions[] = {
	{ "plain", "\"plain\"", false },
	{ "[[plain]", "\"[plain]\"", false },
	{ "[plain", "\"[plain\"", false },
	{ "['it''s']", "\"it's\"", false },
	{ "[ concat( 'a' , 1, true ) ]", "\"a1True\"", false },
	{ "[concat(createArray(1), createArray('b'))]", "[1,\"b\"]", false },
	{ "[parameters('vmName')]", "\"myVM\"", false },
	{ "[PARAMETERS('VMNAME')]", "\"myVM\"", false },
	{ "[parameters('list')[1].x]", "7", false },
	{ "[parameters('list')[1]['x']]", "7", false },
	{ "[variables('twice')]", "\"myVM-myVM\"", false },
	{ "[resourceGroup().location]", "\"southcentralus\"", false },
	{ "[resourceGroup().Name]", "\"myResourceGroup\"", false },
	{ "[subscription().tenantId]", "\"11111111\"", false },
	{ "[deployment().name]", "\"azuredeploy\"", false },
	{ "[resourceId('Microsoft.Compute/virtualMachines', 'a')]", "\"" VM "\"", false },
	{ "[resourceId('Microsoft.Compute/virtualMachines/extensions', 'a', 'b')]",
	  "\"" VM "/extensions/b\"", false },
	{ "[resourceId('other', 'Microsoft.Compute/virtualMachines', 'a')]",
	  "\"/subscriptions/22222222/resourceGroups/other/providers/Microsoft.Compute/"
	  "virtualMachines/a\"",
	  false },
	{ "[resourceId('3', 'other', 'Microsoft.Compute/virtualMachines', 'a')]",
	  "\"/subscriptions/3/resourceGroups/other/providers/Microsoft.Compute/virtualMachines/a\"",
	  false },
	{ "[reference('a', '2021-03-01', 'Full').of]", "\"a\"", false },
	{ "[format('{0}-{1:N0} {{x}}', 'a', 3)]", "\"a-3 {x}\"", false },
	{ "[if(equals('A', 'a'), 'yes', 'no')]", "\"yes\"", false },
	{ "[and(true, not(false), or(false, true))]", "true", false },
	{ "[length('abc')]", "3", false },
	{ "[empty('')]", "true", false },
	{ "[contains(createArray('a', 'b'), 'B')]", "true", false },
	{ "[union(createObject('a', 1), createObject('a', 2)).a]", "2", false },
	{ "[add(2, mul(-3, sub(4, 2)))]", "-4", false },
	{ "[int('7')]", "7", false },
	{ "[string(createObject('a', 1))]", "\"{\\\"a\\\":1}\"", false },
	{ "[toUpper(last(createArray('a', 'b')))]", "\"B\"", false },
	{ "[equals(uniqueString('a'), uniqueString('a'))]", "true", false },
	{ "[equals(uniqueString('a', 'b'), uniqueString('ab', ''))]", "false", false },
	{ "[length(uniqueString('a'))]", "13", false },
	/* The nested fragment of Azure's page. */
	{ "[concat('Microsoft.Compute/virtualMachines/', myVM)]", "neither quoted nor called",
	  true },
	{ "[listKeys('a')]", "'listKeys'", true },
	{ "[concat('a']", "without its end", true },
	{ "[concat('a)]", "a string without its end", true },
	{ "[concat('a')) ]", "after its end", true },
	{ "[parameters('no')]", "'no' is not found", true },
	{ "[variables('ring')]", "made of itself", true },
	{ "[parameters('list')[2]]", "out of range", true },
	{ "[parameters('list').y]", "'y'", true },
	{ "[copyIndex()]", "outside of its copy loop", true },
	{ "[toLower()]", "0 arguments", true },
	{ "[format('{1}', 'a')]", "placeholder", true },
	{ "[add(9223372036854775807, 1)]", "too large", true },
	{ "[99999999999999999999]", "a number", true },
};

static void evaluates_expressions(void **unused)
{
	AUTO_JSON json_t *parameters = read_text(
		"{\"vmName\": \"myVM\", \"list\": [0, {\"x\": 7}]}");
	AUTO_JSON json_t *variables = read_text(
		"{\"twice\": \"[concat(parameters('vmName'), '-', variables('once'))]\", "
		"\"once\": \"[parameters('vmName')]\", \"ring\": \"[variables('ring')]\"}");
	AUTO_JSON json_t *group = read_text(
		"{\"name\": \"myResourceGroup\", \"location\": \"southcentralus\"}");
	AUTO_JSON json_t *subscription = read_text(
		"{\"subscriptionId\": \"22222222\", \"tenantId\": \"11111111\"}");
	AUTO_JSON json_t *deployment = read_text("{\"name\": \"azuredeploy\"}");
	struct scope s = { .parameters = parameters,
			   .variables = variables,
			   .subscription = subscription,
			   .resource_group = group,
			   .deployment = deployment,
			   .reference = refer };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(expressions); i++) {
		struct error err = { 0 };
		AUTO_JSON json_t *value = expression_evaluate(&s, expressions[i].text, &err);
		AUTO_JSON json_t *want = expressions[i].fails ? NULL
							      : json_loads(expressions[i].want,
									   JSON_DECODE_ANY, NULL);

		if ((value == NULL) != expressions[i].fails)
			fail_msg("%s: %s", expressions[i].text, err.what);
		if (expressions[i].fails ? !strstr(err.what, expressions[i].want)
					 : !json_equal(value, want))
			fail_msg("%s: %s", expressions[i].text,
				 expressions[i].fails ? err.what : "another value");
	}
}

#define TEMPLATE(members) "{\"$schema\": \"s\", \"contentVersion\": \"1.0.0.0\", " members "}"
#define RESOURCE(type, name, more)                                                                 \
	"{\"type\": \"" type "\", \"name\": \"" name "\", \"apiVersion\": \"2021-03-01\"" more "}"
#define A_VM "Microsoft.Compute/virtualMachines"

static const struct {
	const char *name, *template, *parameters;
	const char *want; /* names in the order of deployment; or what the error says */
	bool fails;
} templates[] = {
	{ "one", TEMPLATE("\"resources\": [" RESOURCE(A_VM, "a", "") "]"), NULL, "a", false },
	{ "the page's way: an extension inside of its VM",
	  TEMPLATE("\"parameters\": {\"vm\": {\"type\": \"string\"}}, \"resources\": [" RESOURCE(
		  A_VM, "[parameters('vm')]",
		  ", \"resources\": [" RESOURCE(
			  "extensions", "InfiniBandDriverLinux",
			  ", \"dependsOn\": [\"[concat('Microsoft.Compute/virtualMachines/', "
			  "parameters('vm'))]\"]") "]") "]"),
	  "{\"vm\": {\"value\": \"myVM\"}}", "myVM myVM/InfiniBandDriverLinux", false },
	{ "dependants come later",
	  TEMPLATE("\"resources\": [" RESOURCE(A_VM, "b", ", \"dependsOn\": [\"a\"]") ", " RESOURCE(
		  A_VM, "c", "") ", " RESOURCE(A_VM, "a", "") "]"),
	  NULL, "c a b", false },
	{ "a copy loop, and one that waits for all of it",
	  TEMPLATE("\"resources\": [" RESOURCE(
		  A_VM, "z",
		  ", \"dependsOn\": [\"vms\"]") ", " RESOURCE(A_VM, "[concat('vm', copyIndex(1))]",
							      ", \"copy\": {\"name\": \"vms\", "
							      "\"count\": 3}") "]"),
	  NULL, "vm1 vm2 vm3 z", false },
	{ "a condition that does not hold",
	  TEMPLATE("\"resources\": [" RESOURCE(
		  A_VM, "a", ", \"condition\": \"[equals(1, 2)]\"") ", " RESOURCE(A_VM, "b",
										  "") "]"),
	  NULL, "b", false },
	{ "a default that is an expression",
	  TEMPLATE("\"parameters\": {\"vm\": {\"type\": \"string\", \"defaultValue\": "
		   "\"[resourceGroup().name]\"}}, \"resources\": [" RESOURCE(
			   A_VM, "[parameters('vm')]", "") "]"),
	  NULL, "myResourceGroup", false },
	{ "a parameter that nobody gave",
	  TEMPLATE("\"parameters\": {\"vm\": {\"type\": \"string\"}}, \"resources\": []"), NULL,
	  "'vm' is not provided", true },
	{ "a parameter that is not there", TEMPLATE("\"resources\": []"), "{\"x\": {\"value\": 1}}",
	  "'x'", true },
	{ "a parameter of another type",
	  TEMPLATE("\"parameters\": {\"n\": {\"type\": \"int\"}}, \"resources\": []"),
	  "{\"n\": {\"value\": \"1\"}}", "'n' is not of type 'int'", true },
	{ "a parameter that is not allowed",
	  TEMPLATE("\"parameters\": {\"n\": {\"type\": \"int\", \"allowedValues\": [1, 2]}}, "
		   "\"resources\": []"),
	  "{\"n\": {\"value\": 3}}", "allowed value", true },
	{ "a ring",
	  TEMPLATE("\"resources\": [" RESOURCE(A_VM, "a", ", \"dependsOn\": [\"b\"]") ", " RESOURCE(
		  A_VM, "b", ", \"dependsOn\": [\"a\"]") "]"),
	  NULL, "Circular dependency", true },
	{ "a name that is not there",
	  TEMPLATE("\"resources\": [" RESOURCE(A_VM, "a", ", \"dependsOn\": [\"b\"]") "]"), NULL,
	  "'b'", true },
	{ "twins",
	  TEMPLATE("\"resources\": [" RESOURCE(A_VM, "a", "") ", " RESOURCE(A_VM, "A", "") "]"),
	  NULL, "multiple times", true },
	{ "a type with more parts than the name",
	  TEMPLATE("\"resources\": [" RESOURCE(A_VM "/extensions", "a", "") "]"), NULL,
	  "segment lengths", true },
	{ "no name", TEMPLATE("\"resources\": [{\"type\": \"a/b\"}]"), NULL, "'name'", true },
	{ "no schema", "{\"resources\": []}", NULL, "$schema", true },
	{ "a loop without its count",
	  TEMPLATE("\"resources\": [" RESOURCE(A_VM, "a", ", \"copy\": {\"name\": \"x\"}") "]"),
	  NULL, "copy loop", true },
	{ "resources that are none", TEMPLATE("\"resources\": [1]"), NULL, "no object", true },
};

static void names_of(const struct template *t, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < t->nresources; i++) {
		(void)text_copy(ret + strlen(ret), size - strlen(ret), i ? " " : "");
		(void)text_copy(ret + strlen(ret), size - strlen(ret),
				json_text_at(t->resources[i].head, "name", "?"));
	}
}

static void makes_resources(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		AUTO_JSON json_t *source = read_text(templates[i].template);
		AUTO_JSON json_t *given = templates[i].parameters
						  ? read_text(templates[i].parameters)
						  : NULL;
		AUTO_TEMPLATE struct template t = { 0 };
		struct error err = { 0 };
		char names[300];
		int rc = template_read(source, given, &place, &t, &err);

		if ((rc < 0) != templates[i].fails)
			fail_msg("%s: %s", templates[i].name, err.what);
		names_of(&t, names, sizeof names);
		if (templates[i].fails ? !strstr(err.what, templates[i].want)
				       : !text_eq(names, templates[i].want))
			fail_msg("%s: %s", templates[i].name,
				 templates[i].fails ? err.what : names);
	}
}

static void evaluates_properties_in_their_turn(void **unused)
{
	AUTO_JSON json_t *source = read_text(
		TEMPLATE("\"parameters\": {\"key\": {\"type\": \"secureString\"}}, "
			 "\"resources\": [" RESOURCE(
				 A_VM, "[concat('vm', copyIndex())]",
				 ", \"copy\": {\"name\": \"vms\", \"count\": 2}, "
				 "\"properties\": {\"n\": \"[copyIndex('vms')]\", \"of\": "
				 "\"[reference('x').of]\", \"key\": "
				 "\"[parameters('key')]\"}") "], "
							     "\"outputs\": {\"o\": "
							     "{\"type\": \"string\", "
							     "\"value\": "
							     "\"[reference('y').of]\"}}"));
	AUTO_JSON json_t *given = read_text("{\"key\": {\"value\": \"secret\"}}");
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_JSON json_t *properties = NULL, *outputs = NULL;
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(template_read(source, given, &place, &t, &err), 0);
	assert_null(template_properties(&t, 1, NULL, NULL, &err));
	properties = template_properties(&t, 1, refer, NULL, &err);
	assert_int_equal(json_int_at(properties, "n", -1), 1);
	assert_string_equal(json_text_at(properties, "of", ""), "x");
	assert_string_equal(json_text_at(properties, "key", ""), "secret");
	outputs = template_outputs(&t, refer, NULL, &err);
	assert_string_equal(json_text_at(outputs, "o.value", ""), "y");
	json_object_del(json_object_get(json_object_get(t.source, "outputs"), "o"), "value");
	assert_null(template_outputs(&t, refer, NULL, &err));
	assert_non_null(strstr(err.what, "'o' has no value"));
	assert_null(json_at(t.shown, "key.value"));
	assert_string_equal(json_text_at(t.shown, "key.type", ""), "secureString");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(evaluates_expressions),
		cmocka_unit_test(makes_resources),
		cmocka_unit_test(evaluates_properties_in_their_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
