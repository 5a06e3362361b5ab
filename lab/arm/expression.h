/* arm/expression.h - the expressions of deployment templates: "[concat('a', parameters('b'))]".
 *
 * Pure: what they may know stands in a struct scope, and what lies outside of the template is asked
 * through its callback. Source: Azure Resource Manager's page "Syntax and expressions in ARM
 * templates" and its pages on template functions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

enum { EXPRESSION_DEPTH_MAX = 64, COPY_NAME_SIZE = 80 };

/* A copy loop that is being run: copyIndex() is its number. */
struct copy_loop {
	char name[COPY_NAME_SIZE];
	json_int_t index;
	json_int_t weight;             /* how many values it and those around it make */
	bool by_name;                  /* copyIndex() without a name is not its */
	const struct copy_loop *outer; /* NULL: none */
};

struct scope {
	const json_t *parameters;     /* name -> value */
	const json_t *variables;      /* name -> as it stands in the template */
	const json_t *subscription;   /* what subscription() is */
	const json_t *resource_group; /* what resourceGroup() is */
	const json_t *deployment;     /* what deployment() is */
	const struct copy_loop *loop; /* NULL: outside of any */
	/* The resource of that id or name, as reference() gives it; a new reference, NULL with *err
	 * set. The callback itself may be NULL: there is nothing to refer to yet. */
	json_t *(*reference)(void *ctx, const char *id, bool full, struct error *err);
	void *ctx;
	unsigned depth; /* of evaluation, against rings of variables */
};

/* The value of a JSON value in which strings may be expressions, at any depth. "[[" at the
 * beginning of a string stands for "[". A new reference; NULL with *err set, whose sentence names
 * the expression and what is the matter. */
json_t *value_evaluate(const struct scope *s, const json_t *value, struct error *err);

/* The value of one string. */
json_t *expression_evaluate(const struct scope *s, const char *text, struct error *err);

/* A function of the language: its arguments are evaluated. A new reference, NULL with *err set. */
struct call {
	const struct scope *scope;
	const char *name;
	json_t *arguments; /* array */
};
typedef json_t *function_fn(const struct call *c, struct error *err);

struct function {
	const char *name;
	size_t least, most; /* how many arguments */
	function_fn *fn;
};

/* By name, without regard to case; NULL if there is none. functions.c */
const struct function *function_find(const char *name);
