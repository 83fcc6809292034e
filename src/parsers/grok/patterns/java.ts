import { type PatternGroup, raw } from "./pattern_group.ts";

/** Logs of Java programs, Tomcat's above all. */
export const java: PatternGroup = {
  JAVACLASS: raw`[a-zA-Z$_][a-zA-Z$_0-9]*(?:\.[a-zA-Z$_][a-zA-Z$_0-9]*)*`,
  // With spaces, for "Native Method" and "Unknown Source".
  JAVAFILE: raw`[a-zA-Z$_0-9. -]+`,
  JAVAMETHOD: raw`(?:<(?:cl)?init>|[a-zA-Z$_][a-zA-Z$_0-9]*)`,
  JAVASTACKTRACEPART:
    raw`%{SPACE}at %{JAVACLASS:class|[java][log][origin][class][name]}\.%{JAVAMETHOD:method|[log][origin][function]}\(%{JAVAFILE:file|[log][origin][file][name]}(?::%{INT:line|[log][origin][file][line]:int})?\)`,
  JAVATHREAD: raw`[A-Z]{2}-Processor[0-9]+`,
  JAVALOGMESSAGE: raw`.*`,
  CATALINA7_DATESTAMP: raw`%{MONTH} %{MONTHDAY}, %{YEAR} %{HOUR}:%{MINUTE}:%{SECOND} (?:AM|PM)`,
  CATALINA7_LOG:
    raw`%{CATALINA7_DATESTAMP:timestamp} %{JAVACLASS:class|[java][log][origin][class][name]}(?: %{JAVAMETHOD:method|[log][origin][function]})?\s*(?:%{LOGLEVEL:level|[log][level]}:)? %{JAVALOGMESSAGE:logmessage|message}`,
  CATALINA8_DATESTAMP: raw`%{MONTHDAY}-%{MONTH}-%{YEAR} %{HOUR}:%{MINUTE}:%{SECOND}`,
  CATALINA8_LOG:
    raw`%{CATALINA8_DATESTAMP:timestamp} %{LOGLEVEL:level|[log][level]} \[%{DATA:thread|[java][log][origin][thread][name]}\] %{JAVACLASS:class|[java][log][origin][class][name]}\.(?:%{JAVAMETHOD:method|[log][origin][function]})? %{JAVALOGMESSAGE:logmessage|message}`,
  CATALINA_DATESTAMP: raw`(?:%{CATALINA8_DATESTAMP}|%{CATALINA7_DATESTAMP})`,
  CATALINALOG: raw`(?:%{CATALINA8_LOG}|%{CATALINA7_LOG})`,
  TOMCAT50_DATESTAMP:
    raw`%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND}(?: %{ISO8601_TIMEZONE})?`,
  TOMCAT50_LOG:
    raw`%{TOMCAT50_DATESTAMP:timestamp}(?: %{LOGLEVEL:level|[log][level]})? .*?\[%{DATA:context|[tomcat][context][name]}\](?:%{JAVACLASS:class|[java][log][origin][class][name]}: %{JAVAMETHOD:method|[log][origin][function]}\(.*?\))?(?:: %{JAVALOGMESSAGE:logmessage|message})?`,
  TOMCAT6_LOG: raw`%{CATALINA7_LOG}`,
  TOMCAT8_LOG: raw`%{CATALINA8_LOG}`,
  TOMCATLEGACY_LOG:
    raw`%{TOMCAT50_DATESTAMP:timestamp} \| %{LOGLEVEL:level|[log][level]} \| %{JAVACLASS:class|[java][log][origin][class][name]} - %{JAVALOGMESSAGE:logmessage|message}`,
  TOMCAT_DATESTAMP: raw`(?:%{CATALINA8_DATESTAMP}|%{CATALINA7_DATESTAMP}|%{TOMCAT50_DATESTAMP})`,
  TOMCATLOG: raw`(?:%{TOMCAT8_LOG}|%{TOMCAT6_LOG}|%{TOMCATLEGACY_LOG}|%{TOMCAT50_LOG})`,
};
