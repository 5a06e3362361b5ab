struct dpll_pin_ops {
	int (*ffo_get)(const struct dpll_pin *pin, void *pin_priv,
		       const struct dpll_device *dpll, void *dpll_priv,
		       struct dpll_ffo_param *ffo,
		       struct netlink_ext_ack *extack);
};
