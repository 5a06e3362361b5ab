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
	{ "[variables('looped')]", "[\"a0\",\"a1\"]", false },
	{ "[variables('of').inner[1].n]", "3", false },
	{ "[variables('of').plain]", "\"myVM\"", false },
	{ "[length(variables('none'))]", "0", false },
	{ "[variables('copy')]", "'copy' is not found", true },
	{ "[variables('twisted')]", "made of itself", true },
	{ "[variables('unnamed')]", "outside of its copy loop", true },
	{ "[variables('strange')]", "'mode' of the copy loop 'strange'", true },
	{ "[variables('many')]", "0 to 800", true },
	{ "[variables('endless')]", "more than 10000 values", true },
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
		"\"once\": \"[parameters('vmName')]\", \"ring\": \"[variables('ring')]\", "
		"\"copy\": [{\"name\": \"looped\", \"count\": 2, \"input\": "
		"\"[concat('a', copyIndex('looped'))]\"}, "
		"{\"name\": \"none\", \"count\": \"[sub(1, 1)]\", \"input\": 1}, "
		"{\"name\": \"twisted\", \"count\": 1, \"input\": \"[variables('twisted')]\"}, "
		"{\"name\": \"unnamed\", \"count\": 1, \"input\": \"[copyIndex()]\"}, "
		"{\"name\": \"strange\", \"count\": 1, \"input\": 1, \"mode\": \"serial\"}, "
		"{\"name\": \"many\", \"count\": 801, \"input\": 1}, "
		"{\"name\": \"endless\", \"count\": 800, \"input\": \"[variables('more')]\"}, "
		"{\"name\": \"more\", \"count\": 13, \"input\": 1}], "
		"\"of\": {\"plain\": \"[parameters('vmName')]\", \"copy\": [{\"name\": \"inner\", "
		"\"count\": 2, \"input\": {\"n\": \"[copyIndex('inner', 2)]\"}}]}}");
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

/* A loop of resources around a loop in their properties, and a loop in outputs. */
static void loops_stand_in_properties_and_outputs(void **unused)
{
	AUTO_JSON json_t *source = read_text(TEMPLATE("\"resources\": [" RESOURCE(
		A_VM, "[concat('vm', copyIndex())]",
		", \"copy\": {\"name\": \"vms\", \"count\": 2}, \"properties\": "
		"{\"disks\": {\"size\": 1, \"copy\": [{\"name\": \"data\", \"count\": 2, "
		"\"input\": {\"lun\": \"[copyIndex('data')]\", \"vm\": \"[copyIndex()]\", "
		"\"id\": \"[reference('x').of]\"}}]}}") "], "
							"\"outputs\": {\"all\": {\"type\": "
							"\"array\", \"copy\": {\"count\": 3, "
							"\"input\": "
							"\"[reference(concat('vm', "
							"copyIndex())).of]\"}}, \"not\": "
							"{\"type\": \"int\", "
							"\"condition\": \"[equals(1, 2)]\", "
							"\"value\": \"[reference('y').of]\"}}"));
	AUTO_JSON json_t *want = read_text(
		"{\"disks\": {\"size\": 1, \"data\": [{\"lun\": 0, \"vm\": 1, \"id\": \"x\"}, "
		"{\"lun\": 1, \"vm\": 1, \"id\": \"x\"}]}}");
	AUTO_JSON json_t *want_outputs = read_text(
		"{\"all\": {\"type\": \"array\", \"value\": [\"vm0\", \"vm1\", \"vm2\"]}}");
	AUTO_TEMPLATE struct template t = { 0 };
	AUTO_JSON json_t *properties = NULL, *outputs = NULL;
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(template_read(source, NULL, &place, &t, &err), 0);
	properties = template_properties(&t, 1, refer, NULL, &err);
	assert_true(json_equal(properties, want));
	outputs = template_outputs(&t, refer, NULL, &err);
	assert_true(json_equal(outputs, want_outputs));
}

#define NESTED(name, more, members)                                                                \
	RESOURCE(TEMPLATE_NESTED, name,                                                            \
		 ", \"properties\": {\"mode\": \"Incremental\"" more                               \
		 ", \"template\": " TEMPLATE(members) "}")
#define INNER ", \"expressionEvaluationOptions\": {\"scope\": \"Inner\"}"

static const struct {
	const char *name, *template;
	const char *want; /* names of the inner one's resources; or what the error says */
	bool fails;
} nested[] = {
	{ "in its own scope",
	  TEMPLATE("\"variables\": {\"v\": \"theirs\"}, \"resources\": [" NESTED(
		  "n", INNER ", \"parameters\": {\"p\": {\"value\": \"[variables('v')]\"}}",
		  "\"parameters\": {\"p\": {\"type\": \"string\"}}, \"variables\": {\"v\": "
		  "\"ours\"}, \"resources\": [" RESOURCE(
			  A_VM, "[concat(variables('v'), '-', parameters('p'))]", "") "]") "]"),
	  "ours-theirs", false },
	{ "in the scope around it",
	  TEMPLATE("\"variables\": {\"v\": \"theirs\"}, \"resources\": [" NESTED(
		  "n", "",
		  "\"variables\": {\"v\": \"ours\"}, \"resources\": [" RESOURCE(
			  A_VM, "[variables('v')]", "") "]") "]"),
	  "theirs", false },
	{ "what the scope around it does not have",
	  TEMPLATE("\"resources\": [" NESTED("n", "",
					     "\"variables\": {\"v\": 1}, \"resources\": [" RESOURCE(
						     A_VM, "[variables('v')]", "") "]") "]"),
	  "'v' is not found", true },
	{ "a parameter that it does not get",
	  TEMPLATE("\"resources\": [" NESTED(
		  "n", INNER,
		  "\"parameters\": {\"p\": {\"type\": \"string\"}}, \"resources\": []") "]"),
	  "'p' is not provided", true },
	{ "in a loop of the scope around it",
	  TEMPLATE("\"resources\": [{\"copy\": {\"name\": \"l\", \"count\": 1}, \"type\": "
		   "\"" TEMPLATE_NESTED "\", \"apiVersion\": \"1\", \"name\": \"n\", "
		   "\"properties\": {\"template\": " TEMPLATE("\"resources\": [" RESOURCE(
			   A_VM, "[concat('a', copyIndex('l', 5), copyIndex('m'))]",
			   ", \"copy\": {\"name\": \"m\", \"count\": 2}") "]") "}}]"),
	  "a50 a51", false },
	{ "a scope that is none",
	  TEMPLATE("\"resources\": [" NESTED(
		  "n", ", \"expressionEvaluationOptions\": {\"scope\": \"around\"}",
		  "\"resources\": []") "]"),
	  "the scope 'around'", true },
	{ "what is not known",
	  TEMPLATE("\"resources\": [" NESTED("n", ", \"templateLink\": {\"uri\": \"x\"}",
					     "\"resources\": []") "]"),
	  "the property 'templateLink'", true },
	{ "no template",
	  TEMPLATE("\"resources\": [" RESOURCE(TEMPLATE_NESTED, "n", ", \"properties\": {}") "]"),
	  "needs a template", true },
	{ "in the mode Complete",
	  TEMPLATE("\"resources\": [" RESOURCE(
		  TEMPLATE_NESTED, "n",
		  ", \"properties\": {\"mode\": \"Complete\", \"template\": {}}") "]"),
	  "InvalidDeploymentMode", true },
	{ "in another group",
	  TEMPLATE("\"resources\": [" RESOURCE(
		  TEMPLATE_NESTED, "n",
		  ", \"resourceGroup\": \"[concat('oth', 'er')]\", \"properties\": "
		  "{\"template\": {}}") "]"),
	  "ResourceGroupNotFound: Resource group 'other'", true },
};

static void templates_stand_in_templates(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(nested); i++) {
		AUTO_JSON json_t *source = read_text(nested[i].template);
		AUTO_TEMPLATE struct template t = { 0 }, inner = { 0 };
		AUTO_JSON json_t *properties = NULL;
		struct template_place within = place;
		struct error err = { 0 };
		char names[300] = "";
		int rc;

		assert_int_equal(template_read(source, NULL, &place, &t, &err), 0);
		assert_true(template_is_nested(&t, 0));
		properties = template_properties(&t, 0, refer, NULL, &err);
		within.outer = json_object_get(properties, "outer");
		rc = properties ? template_read(json_object_get(properties, "template"),
						json_object_get(properties, "parameters"), &within,
						&inner, &err)
				: -1;
		if ((rc < 0) != nested[i].fails)
			fail_msg("%s: %s", nested[i].name, err.what);
		names_of(&inner, names, sizeof names);
		if (nested[i].fails ? !strstr(err.what, nested[i].want)
				    : !text_eq(names, nested[i].want))
			fail_msg("%s: %s", nested[i].name, nested[i].fails ? err.what : names);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(evaluates_expressions),
		cmocka_unit_test(makes_resources),
		cmocka_unit_test(evaluates_properties_in_their_turn),
		cmocka_unit_test(loops_stand_in_properties_and_outputs),
		cmocka_unit_test(templates_stand_in_templates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
