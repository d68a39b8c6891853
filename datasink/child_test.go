package datasink_test

const childEnv = "TENANTKIT_DATASINK_CHILD"

func acknowledgeAsChild(string) int { return 0 }
