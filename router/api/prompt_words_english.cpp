#include "api/prompt_words.hpp"

namespace rr::api {
namespace {

using enum Notion;
using enum Word;

constexpr Words table[] = {
    // ---- router: who is next, and which of a few labels
    {router, noun, 12, "router|dispatcher|selector|triage|triage agent|triage bot|agent selector|speaker selector|request classifier|"
                       "message classifier|intent classifier|ticket classifier|topic router|intent classification*|intent detect*|intent recogni*|query classifier|"
                       "routing agent|routing assistant|routing model|expert at routing|task router|gatekeeper agent|"
                       "message router|request router|model router|switchboard"},
    {router, noun, 6, "classifier|front desk|supervisor|orchestrator|moderator|group chat manager|chat manager|conversation manager"},
    {router, sign, 13, "select the next ~ role|select the next ~ speaker|select the next ~ agent|select the next ~ participant|"
                       "select the next ~ worker|choose the next ~ speaker|choose the next ~ agent|pick the next ~ speaker|"
                       "choose who ~ next|decide who ~ next|decides who ~ next|determine who ~ next|pick the next ~ agent|decide which ~ next|"
                       "who should ~ next|who ~ speak next|who ~ speaks next|who ~ act next|who goes next|worker to act next|agent to act next|"
                       "next speaker|next_speaker|next_agent|takes the next turn|take the next turn|only return the role|"
                       "select an agent|select the ~ agent|select the ~ best agent|select the ~ appropriate agent|"
                       "choose the ~ agent|choose an agent|choose one agent|choose ~ best agent|pick an agent|pick one agent|pick the ~ agent|only select one agent|"
                       "decide which agent|decides which agent|decide which of ~ agents|determine which agent|determines which agent|"
                       "you determine which agent|decide which role|decides which role|choose the role|decide which team member|which agent ~ should handle|"
                       "which agent should|which role should handle|which specialist should|"
                       "route the user*|route the request*|route the ~ message|route the ~ query|route the ~ question|route each|route incoming|route requests|"
                       "route user requests|route user queries|routes requests|routes each|routing a user question|routing user|route it to|responsible for routing|routing tasks|routing requests|routing each|routing incoming|directing them to the ~ agent|directs each|direct the ~ to the ~ agent|"
                       "dispatch the ~ request|dispatch ~ requests|dispatch each|select the model prompt best suited|who takes it|who takes the|who should take|who should answer|who should handle|who will handle|says who|say who|who should do|"
                       "which expert should|which of the following experts|which of the following agents|which of these agents|which agent ~ next|which worker|best model for|to the best model|best agent for|best expert for"},
    {router, sign, 8, "classify the user*|classify the ~ message|classify the ~ request|classify the ~ query|classify the ~ input|"
                      "classify each ~ request|classify each ~ message|classify incoming|classify user|classify this ~ message|classify this ~ request|"
                      "classify the intent|detect the intent|identify the intent|determine the ~ intent|intent is one of|intent of the user|"
                      "label the ~ message|label the ~ request|label each ~ message|exactly one of|one of the following categories|"
                      "one of these categories|one of the following labels|one of these labels|one of the categories|categories :|possible intents|respond with the intent|reply with the intent|pick the queue|pick the category|choose the category|assign a category|queue it belongs|category it belongs|intents are|"
                      "assign incoming|assigns incoming|assign each incoming|you assign ~ tasks|output the ~ name|expert s name|agent s name|"
                      "labels :|intents :|intent :|name of the agent|name of the ~ agent|hand off to|handoff to|hand over to the|hand the conversation|"
                      "hand it to the right|transfer to the|transfer the ~ user|delegate to the ~ agent|assign work to one agent|assign the ~ task to|assign each ~ task to one|"
                      "forward the ~ request to|forward the ~ message to|available agents|name the team member|name the agent|agent name|"
                      "the appropriate agent|the right agent|the right specialist|most appropriate ~ agent|best suited|most suitable agent|to the correct agent|to the correct department"},
    {router, sign, 6, "one word .|exactly one word|one agent name|one word answer|one name|nothing else|one word only|single word|with one word|in one word|one word :|label only|the label|only the label|category only|only the category|"
                      "only the name|name only|return only the name|just the name|nothing but the name|only the role|"
                      "only the intent|only the number|only the agent|the agent name only|do not solve|do not answer it|do not answer the question|must not answer|never answer the ~ yourself|"
                      "do not do any work yourself|do not do the work|do not perform the ~ yourself|without solving|without answering"},
    // ---- architect: plan and structure, no code
    {architect, noun, 12, "architect|software architect|solution architect|solutions architect|system architect|systems architect|"
                          "cloud architect|data architect|enterprise architect|principal architect|chief architect|architecture agent|architecture expert|"
                          "architecture assistant|architecture advisor|"
                          "planner|task planner|planning agent|planning specialist|planning assistant|planning expert|planning module|"
                          "project planner|plan agent|plan mode|architect mode|system designer|software designer|api designer|database designer|schema designer|"
                          "design agent|software design expert|system design expert|system design*|domain driven design expert|"
                          "ddd expert|strategist agent|planning coordinator"},
    {architect, noun, 7, "technical leader|tech lead|technical lead|project manager|product manager|product owner|business analyst|technical program manager|"
                         "cto|requirements analyst|requirements engineer|team lead|engineering manager|principal engineer|staff engineer|distinguished engineer|"
                         "research planning coordinator"},
    {architect, sign, 13, "plan mode is active|in plan mode|in planning mode|you are in plan mode|you only plan|only plan and delegate|"
                          "design before code|design before any code|do not implement anything yet"},
    {architect, task, 8, "high level design|architecture decision record*|technical design document*|software architecture document|implementation plan"},
    {architect, task, 7, "break down ~ task*|break ~ down into|break the ~ into|breaks down|break it down into|decompose|decomposes|split the epic|split the ~ into tasks|"
                         "split the ~ into tickets|split the ~ into steps|split ~ work into|turn ~ into ~ tasks|into smaller ~ subtasks|into subtasks|into sub tasks|"
                         "step by step plan|numbered plan|bullet point plan|detailed plan|plan of action|plan of steps|action plan|"
                         "devise ~ plan|create ~ plan|make a plan|make ~ plan for|write ~ plan|come up with ~ plan|come up with a new plan|draft ~ plan|produce ~ plan|"
                         "present ~ plan|outline ~ plan|propose ~ plan|return a ~ plan|return an ~ plan|migration plan|rollout plan|project plan|"
                         "design document*|design doc|design docs|technical design|system design|you design|you plan|your job is to plan|your task is to plan|plan the work|"
                         "writes rfcs|write rfcs|write an rfc|rfc :|adr|adrs|bounded contexts|"
                         "write ~ specification|technical specification|write ~ tech spec|openapi outline*|split the ~ into services"},
    {architect, task, 6, "design ~ system|design ~ architecture|design ~ api|design ~ apis|design ~ schema|design ~ database|design ~ service|"
                         "design ~ services|design ~ module|design ~ modules|design ~ component|design ~ components|design ~ interfaces|design ~ data model|"
                         "design ~ platform|design ~ pipeline|design ~ backend|design ~ infrastructure|design ~ structure|design ~ software|design ~ solution|designs ~ systems|"
                         "propose ~ architecture|propose ~ schema*|propose ~ structure|propose ~ design|propose ~ interfaces|sketch ~ architecture|describe ~ architecture|outline ~ architecture|"
                         "define ~ architecture|define ~ interfaces|define ~ components|define ~ modules|define the api*|define ~ boundaries|lay out ~ infrastructure|lay out ~ architecture|lay out ~ modules|"
                         "design how to|how would you architect|how should we structure|how should i structure|how should ~ be structured|how would you design|how should we design|how should i design|how to structure|"
                         "architecture for|architectures|module layout|service boundaries|system architecture|software architecture|overall structure|project structure|component diagram|sequence diagram|class diagram|"
                         "list of services|technology choices|recommend a stack|recommend ~ stack|tech stack|technology stack|architecture of|draw up ~ architecture|blueprint|folder layout|folder structure|directory layout|directory structure|"
                         "structure a ~ app|structure an ~ app|structure my|structure our|roadmap|module boundaries|list of steps|ordered list of ~ steps|checklist of ~ subtasks|checklist of ~ tasks|decomposing|decomposition|turn requirements into|"
                         "lets plan|let s plan|plan the ~ migration|plan the ~ refactoring|plan the ~ implementation|plan the ~ rollout|plan how to|plan out|domain model|er diagram|entity relationship|api contract|api design|"
                         "list the resources|the files affected|critical files|describe how to modify|provide direction to"},
    {architect, task, 5, "no source code|big picture|before touching|before coding|before implementing|before we write|how would you split|split ~ into services"},
    {architect, task, 4, "state management|phases|storage choices|event driven|event sourced|event sourcing|scalability|estimate for each|trade offs|tradeoffs|trade off|database schema|data model|data flow|alternatives considered|decision drivers|compare at least two|"
                         "milestones|acceptance criteria|user stories|monolith|microservice*|which components|non functional|no code yet|before any code|"
                         "scalable|subtasks|next steps|clarifying questions|storage options|what should the ~ look like|components ~ interfaces"},
    // ---- tester: check what others made
    {tester, noun, 12, "tester|software tester|qa|qa engineer|qa lead|qaengineer|qa agent|qa tester|quality assurance *|quality control *|software quality *|test engineer|"
                       "test automation *|automation tester|sdet|software engineer in test|software development engineer in test|software engineer specializing in test*|test writer|"
                       "test generator|test case *|unit test *|unit testing *|testing agent|testing expert|testing specialist|testing assistant|test agent|test specialist|"
                       "test expert|test lead|test manager|reviewer|code reviewer|code review|code review *|pr reviewer|pull request reviewer|peer reviewer|critic|code critic|critic agent|code auditor|"
                       "auditor|security auditor|security reviewer|security analyst|security researcher|security tester|appsec engineer|application security engineer|penetration tester|pentester|"
                       "red teamer|verifier|verification agent|validator|validation agent|evaluator|evaluator agent|grader|bug hunter|bug finder|bug triager|"
                       "code quality *|code analyzer|code analysis *|quality engineer|quality gate|linter|inspector agent|teacher grading|fact checker agent|static analy*|vulnerability *|fuzzer|judge agent|fuzz test*"},
    {tester, noun, 7, "security specialist|security expert|security engineer"},
    {tester, task, 5, "unit tests|unit test|test cases|test case|test suite|test suites|integration tests|regression tests|e2e tests|end to end tests|testing strategy|code quality"},
    {tester, task, 8, "test plan|test plans|write ~ unit tests|writes ~ unit tests|writing ~ unit tests|write ~ test cases|generate ~ unit tests|generate ~ test cases|create ~ test cases|design ~ test cases|"
                      "pytest suites|write tests|write the tests|write ~ tests for|write ~ pytest*|write comprehensive ~ tests|write ~ jest tests|add tests|add ~ tests for|generate ~ tests|"
                      "create ~ tests|produce ~ tests|property based tests|you test|test the ~ code|test the implementation|tests for the|cover the edge cases|test coverage"},
    {tester, task, 8, "review the|review this|review my|review these|review it|review pull requests|review prs|review code|review merge requests|review changes|reviews code|review incoming|reviewing code|you review|review and critique|"
                      "code review|doing code review|peer review|security review|security audit|audit the|audit this|look over the code|look over this|"
                      "critique|critiques|constructive feedback|provide ~ feedback|give ~ feedback on|generate critique|accept or reject|approve or reject|approve or request|request changes|"
                      "pass or fail|lgtm|double check|checking code for|check ~ code for|check this code|check the code|check the ~ for bugs|checks the code for errors|"
                      "find bugs|find ~ bugs|find ~ vulnerabilities|find ~ defects|find ~ issues in|find errors|finding ~ bugs|find the flaws|find security*|identify ~ bugs|identify ~ vulnerabilities|identify ~ issues|spot ~ bugs|"
                      "look for ~ bugs|look for ~ vulnerabilities|look for ~ weaknesses|look for ~ issues|point out ~ bugs|point out ~ issues|point out ~ problems|point out ~ mistakes|code reviews|code quality analysis|list ~ defect*|list ~ bugs|"
                      "hunts bugs|what could break|report ~ failures|report each failure|report every failure|report ~ bugs|write bug reports|"
                      "bug reports|steps to reproduce|verify that|verify the|verifies that|validate the|validate that|validates the|grade the|grade ~ answer|"
                      "score the ~ answer|rate the ~ answer|rate the ~ response|evaluate the ~ answer|evaluate the ~ response|evaluate the ~ quality|evaluate ~ output of|assess the quality"},
    {tester, task, 6, "acceptance tests|gherkin|anything wrong|be critical|try to break|break things|break it|makes it fail|make it fail|make them fail|load test|load tests|stress test|compare the implementation against|deviations|deviation|against the requirements|"
                      "against the spec*|score each|rate it out of|rate my|sanity check|quality assurance|mutation testing|bugs in|poke holes|holes in|what did i miss|what am i missing|spot anything|find problems|find mistakes|qa|tests below|tests for|test cases for|test the"},
    {tester, task, 5, "edge cases"},
    {tester, task, 4, "edge case|audit|approved|inspect|test data|these tests|my tests|boundary values|run the tests|run the test suite|run it ~ report|vulnerabilities|weaknesses|severity|missing tests|race conditions|"
                      "regressions|approve|rejection|correctness|verdict|reproduce|code smells|expected results|expected and actual|feedback|cvss|owasp|findings|flag only|must fix|nitpicks"},
    // ---- coder: makes and changes code
    {coder, noun, 10, "ai coding assistant|coding assistant|code assistant|programming assistant|coding companion|coding copilot|coding tutor|coding teacher|coding"},
    {coder, noun, 12, "coder|coding agent|coding expert|code generator|code generation *|code writer|codewriter|code writing *|code execution agent|"
                      "code executor|code completion *|code autocomplete*|autocomplete *|hole filler|programmer|programming expert|pair programmer|"
                      "implementer|code implementation *|implementation agent|implementation engineer|implementation specialist|{lang} writing assistant|software engineering agent|software engineering assistant|swe agent|refactoring *|"
                      "debugging *|debugger|code editor|code interpreter|open interpreter|{lang} console|{lang} interpreter|{lang} compiler|{lang} repl|{lang} terminal|linux terminal|autocomplete engine|completion engine|code agent|code translator|code migration *|compiler expert|code fixer|bug fixer|code simplif*|"
                      "{lang} coder|{lang} programmer|{lang} coding *|shell scripting *|scripting expert|interactive cli tool|editor engineer|code refactoring *"},
    {coder, noun, 6, "developer|software developer|{lang} developer|software engineer|software engineering|full stack *|fullstack *|backend developer|backend engineer|backend ~ developer|backend ~ engineer|backend expert|backend specialist|backend agent|back end developer|back end engineer|frontend developer|frontend engineer|frontend ~ developer|frontend expert|frontend specialist|frontend agent|front end developer|front end engineer|front end dev*|"
                     "web developer|mobile developer|ios developer|ios engineer|ios expert|android developer|android engineer|android expert|firmware engineer|embedded developer|embedded ~ engineer|systems engineer|{lang} engineer|ml engineer|machine learning engineer|"
                     "devops engineer|platform engineer|data engineer|game developer|{lang} expert|{lang} specialist|{lang} guru|{lang} wizard|expert in {lang}|expert at {lang}|"
                     "senior engineer|engineer|{lang} assistant|{lang} tutor|{lang} agent|hacker|executor agent|expert in ~ {lang}|{lang} developer and|dba|sysadmin|copilot|principal developer|open source maintainer"},
    {coder, task, 8, "coding and language skills|suggest {lang} code|coding task*|software engineering tasks|code blobs|executing code|execute code|python skills|"
                     "coding skills|programming skills|{lang} skills|only code|reply only with code|reply with code|respond with code|return only code|output only code|output only the code|output only the new code|only the code|only return code|return only the code|"
                     "just code|code only|code block and nothing else|smallest patch|minimal patch|return the patch|return a patch|produce a patch|send a patch|unified diff|make the tests pass|makes the tests pass|make the test pass|failing test*|fix ~ failing|continue the code|complete source files|complete the code|rewrite the ~ code|rewrite the highlighted|edit the ~ code|edit the ~ file|"
                     "you write {lang}|you code|you implement|you program|you refactor|you fix|writing code|search replace|apply_patch|edit files|modify the code|changes to the supplied code|"
                     "make changes to source code|turn it into working code|into working code|production ready ~ code|clean ~ code|working code|runnable code|executable code|"
                     "write ~ query that|sql query|write sql|syntactically correct|bash command|shell command|one liner|regular expression"},
    {coder, task, 6, "{make} ~ {code}|{make} ~ code for|{make} {lang}|{make} a {lang}|{make} an {lang}|write ~ {lang} code|{lang} function|{lang} script|{lang} code|{lang} class|{lang} program|code in {lang}|"
                     "write your full implementation|full implementation|implement ~ code changes|implement code|implement changes|implements features|implement features|implement the|implement a|implement an|implement this|implement it|implement ~ in {lang}|implements the|implement tasks|implementing ~ features|"
                     "fix this|fix the|fix my|fix bugs|fix a bug|fix it|fixes bugs|fixing bugs|debug this|debug the|debug my|debug code|debugging|refactor|refactor this|refactor the|refactors|refactoring|rename class|rename the|"
                     "add a ~ flag|add a ~ endpoint|add support for|add ~ button|add ~ page|port ~ to {lang}|convert ~ to {lang}|translate ~ to {lang}|migrate ~ to {lang}|rewrite ~ in {lang}|"
                     "extract this into|typeerror|nameerror|keyerror|valueerror|referenceerror|nullpointerexception|null pointer exception|segfault|segmentation fault|traceback|uncaught exception|stacktrace|error message|"
                     "convert ~ {lang}|convert this ~ to|following class|following function|following code|following script|this class|this method|this snippet|this script|this code|pseudocode|carry out the ~ step|report what you changed|etl jobs|merge conflict|"
                     "corrected code|correct ~ code|root cause|show me the code|show me code|code example|code snippet|code samples|snippet|build ~ components|build a ~ app|create a ~ app|"
                     "create software|unit of code|compile error|compiler error|stack trace|syntax error|optimize this|optimise this|optimize the ~ code|fill the hole|fill_here|explain this code|explain the code|what does this code|how do i ~ in {lang}|implement ~ in {lang}"},
    {coder, task, 3, "code|repository|codebase|build fail*|algorithm|this function|bug|scripts|programming|in {lang}"},
    // ---- none of the four
    {none, noun, 6, "ux designer|ui designer|ui ux designer|data analyst|scientist|data scientist|researcher|research agent|writer|technical writer|teacher|tutor|professor|coach|instructor|mentor|translator|analyst"},
    {none, noun, 14, "building architect*|landscape architect*|naval architect*|architect office|interior designer|interior architect|fashion designer|graphic designer|game designer|floral designer|"
                     "jewelry designer|logo designer|travel planner|trip planner|wedding planner|event planner|party planner|meal planner|menu planner|financial planner|city planner|urban planner|lesson planner|fitness planner|"
                     "diet planner|study planner|film critic|movie critic|music critic|food critic|art critic|restaurant critic|literary critic|wine critic|theater critic|theatre critic|film reviewer|movie reviewer|"
                     "book reviewer|restaurant reviewer|food reviewer|game reviewer|product reviewer|product tester|taste tester|food tester|game tester|wine taster|medical coder|certified medical coder|medical billing *|clinical coder|billing coder|"
                     "real estate developer*|property developer*|business developer|business development *|land developer|curriculum developer|network router|wi fi router|wifi router|router support|network shop|"
                     "civil engineer|sound engineer|audio engineer|mechanical engineer|electrical engineer|train engineer|flight engineer|structural engineer|chemical engineer|prompt engineer|network engineer|sales engineer|hvac engineer|"
                     "professional translator|interpreter|translation *|title generator|summarizer|summariser|copywriter|copy editor|novelist|poet|storyteller|story teller|creative writing *|content writer|blogger|"
                     "travel agent|travel assistant|travel guide|tour guide|chef|cook|nutritionist|doctor|nurse|lawyer|legal *|financial auditor|tax auditor|energy auditor|accountant|financial *|math tutor|english tutor|language tutor|therapist|"
                     "web search agent|web surfer|websurfer|search agent|customer support *|customer service *|support agent|support bot|sales *|marketing *|seo *|data entry *|librarian|historian|"
                     "emergency dispatcher|taxi dispatcher|truck dispatcher|freight dispatcher|hospital triage *|nurse triage *|medical triage *|social media *|journalist|news *|game master|dungeon master|weather *|stock *|investment *|pirate|"
                     "email assistant|recipe *|philosopher|comedian|assistant that summari*|assistant that translat*|assistant tasked with summari*"},
    {none, sign, 14, "concise ~ title|generate a ~ title|generate ~ title for|title for this|title for the|thread title|short title|conversation title|broad tags|generate ~ tags|follow up questions|summarizing the chat|summarize the conversation|summarise the conversation|"
                     "summary of the conversation|summary of our conversation|summarize this conversation|summarizing conversations|search queries|autocompletion system|emoji that"},
    {none, task, 7, "rewrite the text|rewrite text|rewrites text|rewrite ~ email|"
                    "translate|translates|translation|summarize|summarise|summary of|summarizes|summaries|travel plan|trip|itinerary|meal plan|workout plan|lesson plan|business plan|marketing plan|diet plan|training plan|study plan|"
                    "poem|short story|short stories|haiku|essay about|blog post|cover letter|email to|recipe|recipes|extract name|sentiment|proofread|paraphrase|commit message|release notes|driving test|dress code|country code|zip code|promo code|coupon code|"
                    "morse code|personality test|blood test|covid test|code of conduct|building code|area code|discount code|changelog"},
};

}  // namespace

std::span<const Words> english_words() { return table; }

std::string_view leads() {
  return "you are|youre|your role is|your role :|your role as|your job is|act as|acting as|serve as|serving as|work as|function as|behave as|play the role of|"
         "assume the role of|take the role of|in the role of|role :|persona :|job title :|agent :|name :|identity :|profile :|as a|as an|as the|i want you to act as|imagine you are|pretend to be|your name is|you re|"
         "당신은|당신의 역할은|당신의 임무는|너는|넌|너의 역할은|네 역할은|니 역할은|자네는|귀하는|역할 :|역할은|직책 :|직무 :|페르소나 :|에이전트 :|이름 :|본 에이전트는|이 에이전트는|지금부터|여러분은|그대는";
}

std::string_view denials() {
  return " not never dont cannot cant without avoid no nor neither isnt arent doesnt nothing instead refuse forbidden wont shouldnt mustnt nobody rather ";
}

std::string_view languages() {
  return "python|rust|go|golang|c++|c#|c|java|javascript|js|typescript|ts|node js|nodejs|react|vue|svelte|angular|kotlin|swift|swiftui|ruby|rails|php|laravel|scala|haskell|"
         "elixir|perl|lua|dart|flutter|sql|postgresql|bash|shell|powershell|html|css|django|fastapi|flask|spring boot|terraform|ansible|solidity|zig|ocaml|clojure|matlab|assembly|"
         "verilog|cuda|pytorch|numpy|pandas|asyncio|next js|yaml|kubernetes|docker|helm|graphql|pygame|pyspark|latex|파이썬|자바|자바스크립트|리액트|코틀린";
}
std::string_view makes() { return "write|writes|create|creates|generate|generates|produce|implement|implements|develop|build|builds|make|code|give me"; }
std::string_view codes() {
  return "code|function|functions|script|scripts|class|method|program|decorator|regex|dockerfile|makefile|api endpoint|endpoint|macro|module|parser|cli|component|source code|query|queries|game|web app|website|web page|webpage|landing page|chrome extension|plugin|discord bot|slack bot|command line tool|todo app|rest api|api client|web server|http server|unit";
}

}  // namespace rr::api
