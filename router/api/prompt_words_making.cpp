#include "api/prompt_words.hpp"

namespace rr::api {
namespace {

using enum Notion;
using enum Word;

constexpr Words making_table[] = {
    // ---- coder: make and change code
    {coder, noun, 12,
     "coder|coding agent|coding expert|code generator|code generation *|code writer|codewriter|code writing *|"
     "code execution agent|code executor|code completion *|code autocomplete*|autocomplete *|hole filler|programmer|"
     "programming expert|pair programmer|implementer|code implementation *|implementation agent|"
     "implementation engineer|implementation specialist|{lang} writing assistant|software engineering agent|"
     "software engineering assistant|swe agent|refactoring *|debugging *|debugger|code editor|code interpreter|"
     "open interpreter|{lang} console|{lang} interpreter|{lang} compiler|{lang} repl|{lang} terminal|linux terminal|"
     "autocomplete engine|completion engine|code agent|code translator|code migration *|compiler expert|code fixer|"
     "bug fixer|code simplif*|{lang} coder|{lang} programmer|{lang} coding *|shell scripting *|scripting expert|"
     "interactive cli tool|editor engineer|code refactoring *"},
    {coder, noun, 10,
     "ai coding assistant|coding assistant|code assistant|programming assistant|coding companion|coding copilot|"
     "coding tutor|coding teacher"},
    {coder, noun, 7,
     "developer|software developer|{lang} developer|software engineer|software engineering|full stack *|fullstack *|"
     "backend developer|backend engineer|backend ~ developer|backend ~ engineer|backend expert|backend specialist|"
     "backend agent|back end developer|back end engineer|frontend developer|frontend engineer|frontend ~ developer|"
     "frontend expert|frontend specialist|frontend agent|front end developer|front end engineer|front end dev*|"
     "web developer|mobile developer|ios developer|ios engineer|ios expert|android developer|android engineer|"
     "android expert|firmware engineer|embedded developer|embedded ~ engineer|systems engineer|{lang} engineer|"
     "ml engineer|machine learning engineer|devops engineer|platform engineer|data engineer|game developer|"
     "{lang} expert|{lang} specialist|{lang} guru|{lang} wizard|expert in {lang}|expert at {lang}|senior engineer|"
     "engineer|{lang} assistant|{lang} tutor|{lang} agent|hacker|executor agent|expert in ~ {lang}|"
     "{lang} developer and|dba|sysadmin|copilot|principal developer|open source maintainer"},
    {coder, task, 8,
     "coding and language skills|suggest {lang} code|coding task*|software engineering tasks|code blobs|"
     "executing code|execute code|python skills|coding skills|programming skills|{lang} skills|only code|"
     "reply only with code|reply with code|respond with code|return only code|output only code|output only the code|"
     "output only the new code|only the code|only return code|return only the code|just code|code only|"
     "code block and nothing else|smallest patch|minimal patch|return the patch|return a patch|produce a patch|"
     "send a patch|unified diff|make the tests pass|makes the tests pass|make the test pass|failing test*|"
     "fix ~ failing|continue the code|complete source files|complete the code|rewrite the ~ code|"
     "rewrite the highlighted|edit the ~ code|edit the ~ file|you write {lang}|you code|you implement|you program|"
     "you refactor|you fix|writing code|search replace|apply_patch|edit files|modify the code|"
     "changes to the supplied code|make changes to source code|turn it into working code|into working code|"
     "production ready ~ code|clean ~ code|working code|runnable code|executable code|write ~ query that|sql query|"
     "write sql|syntactically correct|bash command|shell command|one liner|regular expression"},
    {coder, task, 6,
     "smallest diff|requested change|requested changes|call sites|into pull requests|into working software|working solutions|turn github issues|"
     "{make} ~ {code}|{make} ~ code for|{make} {lang}|{make} a {lang}|{make} an {lang}|write ~ {lang} code|"
     "{lang} function|{lang} script|{lang} code|{lang} class|{lang} program|code in {lang}|"
     "write your full implementation|full implementation|implement ~ code changes|implement code|implement changes|"
     "implements features|implement features|implement the|implement a|implement an|implement this|implement it|"
     "implement ~ in {lang}|implements the|implement tasks|implementing ~ features|fix this|fix the|fix my|fix bugs|"
     "fix a bug|fix it|fixes bugs|fixing bugs|debug this|debug the|debug my|debug code|debugging|refactor|"
     "refactor this|refactor the|refactors|refactoring|rename class|rename the|add a ~ flag|add a ~ endpoint|"
     "add support for|add ~ button|add ~ page|port ~ to {lang}|convert ~ to {lang}|translate ~ to {lang}|"
     "migrate ~ to {lang}|rewrite ~ in {lang}|extract this into|typeerror|nameerror|keyerror|valueerror|"
     "referenceerror|nullpointerexception|null pointer exception|segfault|segmentation fault|traceback|"
     "uncaught exception|stacktrace|error message|convert ~ {lang}|convert this ~ to|following class|"
     "following function|following code|following script|this class|this method|this snippet|this script|this code|"
     "pseudocode|carry out the ~ step|report what you changed|etl jobs|merge conflict|corrected code|correct ~ code|"
     "root cause|show me the code|show me code|code example|code snippet|code samples|snippet|build ~ components|"
     "build a ~ app|create a ~ app|create software|unit of code|compile error|compiler error|stack trace|"
     "syntax error|optimize this|optimise this|optimize the ~ code|fill the hole|fill_here|explain this code|"
     "explain the code|what does this code|how do i ~ in {lang}"},
    {coder, task, 3,
     "code|repository|codebase|build fail*|algorithm|this function|bug|scripts|programming|in {lang}"},
    // ---- tester: judge what others made
    {tester, noun, 12,
     "tester|software tester|qa|qa engineer|qa lead|qaengineer|qa agent|qa tester|quality assurance *|"
     "quality control *|software quality *|test engineer|test automation *|automation tester|sdet|"
     "software engineer in test|software development engineer in test|software engineer specializing in test*|"
     "test writer|test generator|test case *|unit test *|unit testing *|testing agent|testing expert|"
     "testing specialist|testing assistant|test agent|test specialist|test expert|test lead|test manager|reviewer|"
     "code reviewer|code review|code review *|pr reviewer|pull request reviewer|peer reviewer|critic|code critic|"
     "critic agent|code auditor|auditor|security auditor|security reviewer|security analyst|security researcher|"
     "security tester|appsec engineer|application security engineer|penetration tester|pentester|red teamer|"
     "verifier|verification agent|validator|validation agent|evaluator|evaluator agent|grader|bug hunter|bug finder|"
     "bug triager|code quality *|code analyzer|code analysis *|quality engineer|quality gate|linter|inspector agent|"
     "teacher grading|fact checker agent|static analy*|vulnerability *|fuzzer|judge agent|fuzz test*"},
    {tester, noun, 7,
     "security specialist|security expert|security engineer"},
    {tester, task, 8,
     "test plan|test plans|write ~ unit tests|writes ~ unit tests|writing ~ unit tests|write ~ test cases|"
     "generate ~ unit tests|generate ~ test cases|create ~ test cases|design ~ test cases|pytest suites|write tests|"
     "write the tests|write ~ tests for|write ~ pytest*|write comprehensive ~ tests|write ~ jest tests|add tests|"
     "add ~ tests for|generate ~ tests|create ~ tests|produce ~ tests|property based tests|you test|test the ~ code|"
     "test the implementation|tests for the|cover the edge cases|test coverage|review the|review this|review my|"
     "review these|review it|review pull requests|review prs|review code|review merge requests|review changes|"
     "reviews code|review incoming|reviewing code|you review|review and critique|code review|doing code review|"
     "peer review|security review|security audit|audit the|audit this|look over the code|look over this|critique|"
     "critiques|constructive feedback|provide ~ feedback|give ~ feedback on|generate critique|accept or reject|"
     "approve or reject|approve or request|request changes|pass or fail|lgtm|double check|checking code for|"
     "check ~ code for|check this code|check the code|check the ~ for bugs|checks the code for errors|find bugs|"
     "find ~ bugs|find ~ vulnerabilities|find ~ defects|find ~ issues in|find errors|finding ~ bugs|find the flaws|"
     "find security*|identify ~ bugs|identify ~ vulnerabilities|identify ~ issues|spot ~ bugs|look for ~ bugs|"
     "look for ~ vulnerabilities|look for ~ weaknesses|look for ~ issues|point out ~ bugs|point out ~ issues|"
     "point out ~ problems|point out ~ mistakes|code reviews|code quality analysis|list ~ defect*|list ~ bugs|"
     "hunts bugs|what could break|report ~ failures|report each failure|report every failure|report ~ bugs|"
     "write bug reports|bug reports|steps to reproduce|verify that|verify the|verifies that|validate the|"
     "validate that|validates the|grade the|grade ~ answer|score the ~ answer|rate the ~ answer|rate the ~ response|"
     "evaluate the ~ answer|evaluate the ~ response|evaluate the ~ quality|evaluate ~ output of|assess the quality"},
    {tester, task, 6,
     "acceptance tests|gherkin|anything wrong|be critical|try to break|break things|break it|makes it fail|"
     "make it fail|make them fail|load test|load tests|stress test|compare the implementation against|deviations|"
     "deviation|against the requirements|against the spec*|score each|rate it out of|rate my|sanity check|"
     "quality assurance|mutation testing|bugs in|poke holes|holes in|what did i miss|what am i missing|"
     "find problems|find mistakes|tests below|tests for|test cases for|test the"},
    {tester, task, 5,
     "unit tests|unit test|test cases|test case|test suite|test suites|integration tests|regression tests|e2e tests|"
     "end to end tests|testing strategy|code quality|edge cases"},
    {tester, task, 4,
     "edge case|audit|approved|inspect|test data|these tests|my tests|boundary values|run the tests|"
     "run the test suite|run it ~ report|vulnerabilities|weaknesses|severity|missing tests|race conditions|"
     "regressions|approve|rejection|correctness|verdict|reproduce|code smells|expected results|expected and actual|"
     "feedback|cvss|owasp|findings|flag only|must fix|nitpicks"},
};

}  // namespace

std::span<const Words> english_words_of_making() { return making_table; }

std::string_view leads() {
  return "you are|youre|your role is|your role :|your role as|your job is|act as|acting as|serve as|serving as|"
         "work as|function as|behave as|play the role of|assume the role of|take the role of|in the role of|role :|"
         "persona :|job title :|agent :|name :|identity :|profile :|as a|as an|as the|i want you to act as|"
         "imagine you are|pretend to be|your name is|you re|당신은|당신의 역할은|당신의 임무는|너는|넌|너의 역할은|"
         "네 역할은|니 역할은|자네는|귀하는|역할 :|역할은|직책 :|직무 :|페르소나 :|에이전트 :|이름 :|본 에이전트는|"
         "이 에이전트는|지금부터|여러분은|그대는";
}

std::string_view denials() {
  return " not never dont cannot cant without avoid no nor neither isnt arent doesnt nothing instead refuse "
         "forbidden wont shouldnt mustnt nobody rather ";
}

std::string_view languages() {
  return "python|rust|go|golang|c++|c#|c|java|javascript|js|typescript|ts|node js|nodejs|react|vue|svelte|angular|"
         "kotlin|swift|swiftui|ruby|rails|php|laravel|scala|haskell|elixir|perl|lua|dart|flutter|sql|postgresql|"
         "bash|shell|powershell|html|css|django|fastapi|flask|spring boot|terraform|ansible|solidity|zig|ocaml|"
         "clojure|matlab|assembly|verilog|cuda|pytorch|numpy|pandas|asyncio|next js|yaml|kubernetes|docker|helm|"
         "graphql|pygame|pyspark|latex|파이썬|자바|자바스크립트|리액트|코틀린";
}

std::string_view makes() {
  return "write|writes|create|creates|generate|generates|produce|implement|implements|develop|build|builds|make|"
         "code|give me";
}

std::string_view codes() {
  return "code|function|functions|script|scripts|class|method|program|decorator|regex|dockerfile|makefile|"
         "api endpoint|endpoint|macro|module|parser|cli|component|source code|query|queries|game|web app|website|"
         "web page|webpage|landing page|chrome extension|plugin|discord bot|slack bot|command line tool|todo app|"
         "rest api|api client|web server|http server|unit";
}

}  // namespace rr::api
