import process from "node:process";

/** Where the AWS SDK finds credentials, and what it needs for that. */
export const AWS_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_CREDENTIAL_EXPIRATION",
  "AWS_PROFILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CONFIG_FILE",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
  "HOME",
  "USERPROFILE",
] as const;

export type AwsVariable = typeof AWS_VARIABLES[number];

/** The permission to read the environment is given up before an output opens, so what it held is kept. */
const remembered = new Map<AwsVariable, string>();

/** A variable's value, also after the permission to read it was given up, if it was asked for before. */
export function awsVariable(name: AwsVariable): string | undefined {
  try {
    const value = Deno.env.get(name);
    if (value !== undefined) remembered.set(name, value);
    return value;
  } catch {
    return remembered.get(name);
  }
}

/** Lets the SDK see its variables, which the program hides from packages; `isNeeded`: it shall find credentials. */
export function showEnvironment(isNeeded: boolean): void {
  for (const name of isNeeded ? AWS_VARIABLES : []) {
    const value = awsVariable(name);
    if (value !== undefined) process.env[name] = value;
  }
  // Without one, it asks the system, which it may not.
  process.env["HOME"] ??= "/nonexistent";
}
