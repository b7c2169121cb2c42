"""Answers to the five questions, by kind: right ones in several languages, and strings that only look like answers.

Right ones are short on purpose; `answers.HONEST` has longer ones.
"""

from __future__ import annotations

RIGHT = "right"
DOUBTFUL = "right, but short"
FILLER = "filler"
OTHER_PROJECT = "another project"
QUESTION_AGAIN = "the question again"
KEYWORDS = "keywords"
PLACEHOLDER = "placeholder"
UNREADABLE = "an unsupported writing system"

_FOREIGN_README = (
    "# Pizza Planner\n\nPizza Planner is a Flask application with a React frontend. Clone it with git clone "
    "https://github.com/example/pizza-planner.git, run npm install and npm start, and open localhost:3000 in the browser. "
    "The backend needs PostgreSQL. docker-compose up starts the database and the web server together. The Dockerfile is "
    "in the folder backend, and the model of an order is a table with a file for each migration."
)
_FOREIGN_TASK = (
    "This repository trains a sentiment classifier on movie reviews. Install the packages with pip install -r "
    "requirements.txt, then run train.py and open localhost:5000. Redis keeps the queue, nginx serves the page, and "
    "docker compose starts both in one environment. The README and the Dockerfile of each service are in its folder."
)

# (question, kind, language, text)
CORPUS: tuple[tuple[int, str, str, str], ...] = (
    # --- short and right, English
    (1, RIGHT, "English", "For running a trained model on any machine with one command. Nobody has to install PyBrain."),
    (1, RIGHT, "English", "Deploying the pipeline on a server. It solves dependency conflicts, because each container has its own libraries."),
    (1, RIGHT, "English", "Whenever several containers must start in order and share data. depends_on and the volume shared_data handle that."),
    (2, RIGHT, "English", "Replace currentSolution.pkl in container 2 and rebuild knowledgebase_app07."),
    (2, RIGHT, "English", "Only MODEL_PATH in the environment of codebase, if the new pickle has another name."),
    (2, RIGHT, "English", "Mount the folder with the new model as a volume instead of copying it into the image."),
    (3, RIGHT, "English", "Image names, the URLs of model and data, environment variables, ports, and a token of the user."),
    (3, RIGHT, "English", "A JSON document with: images, commands, volumes, the order of the services, limits for cpu and memory."),
    (3, RIGHT, "English", "It needs to know which model and which data to load, where they are (URL), and the framework version."),
    (4, RIGHT, "English", "GPU: reserve the device under deploy.resources and use an image with CUDA. ARM: set platform: linux/arm64 and build with buildx."),
    (4, RIGHT, "English", "On ARM the images must be rebuilt for that platform; for a GPU the nvidia runtime has to be added."),
    (5, RIGHT, "English", "The three folders with Dockerfiles, docker-compose.yml, the README and these answers, as a zip."),
    (5, RIGHT, "English", "Everything that is needed to build the images: Dockerfiles, csv, pkl and UE_07_App5.py, plus docker-compose.yml."),
    (1, RIGHT, "English", "In education, e.g. for this course: one command starts everything and results are the same for everybody."),
    (2, RIGHT, "English", "Swap the pickle in container2_knowledgebase, rebuild, done."),
    (2, RIGHT, "English", "You'd set MODEL_NAME and rebuild the knowledge base image."),
    (2, RIGHT, "English", "Nothing, as long as the file is still called currentSolution.pkl and takes one input."),
    (3, RIGHT, "English", "At least the URL of the model, the URL of the data and which hardware should be used."),
    (4, RIGHT, "English", "Platform setting, e.g. platform: linux/arm64, and for GPUs runtime: nvidia."),
    (4, RIGHT, "English", "The image must be built for ARM, and PyBrain can't use a GPU anyway, so CUDA would be pointless."),
    (5, RIGHT, "English", "Source code, Dockerfiles, compose file and documentation in a Git repository."),
    # --- right, but not recognizable with certainty
    (1, DOUBTFUL, "English", "It lets us move the whole AI application to another PC and get the same prediction there."),
    (3, DOUBTFUL, "English", "Model name, data URL, resource limits."),
    (5, DOUBTFUL, "English", "the link to our GitHub repo with all files and the images on docker hub"),
    (1, DOUBTFUL, "German", "Zum Verteilen eines trainierten Netzes. Man spart sich die Installation der Bibliotheken."),
    (2, DOUBTFUL, "Portuguese", "Basta trocar o ficheiro currentSolution.pkl e reconstruir a imagem do segundo contentor."),
    # --- short and right, German
    (3, RIGHT, "German", "Welche Images, welche Ports, welche Volumes und in welcher Reihenfolge gestartet wird."),
    (5, RIGHT, "German", "Zip mit allen drei Ordnern, README und Antworten."),
    (1, RIGHT, "German", "Damit läuft das Modell auf jedem Rechner gleich, ohne dass man PyBrain installieren muss."),
    (1, RIGHT, "German", "Für die Lehre: Studierende starten alle drei Container mit einem Befehl, und niemand hat Probleme mit Versionen."),
    (2, RIGHT, "German", "Die Datei currentSolution.pkl austauschen und das Image knowledgebase_app07 neu bauen."),
    (2, RIGHT, "German", "Nichts an den Diensten, nur den Pfad in MODEL_PATH, falls das neue Modell anders heißt."),
    (3, RIGHT, "German", "Die Namen der Images, die URL von Modell und Daten, Umgebungsvariablen und ein Token zur Anmeldung."),
    (4, RIGHT, "German", "Für eine GPU braucht der Dienst deploy mit einer Reservierung für nvidia, für ARM ein Abbild mit platform linux/arm64."),
    (4, RIGHT, "German", "Bei einer anderen CPU muss das Image neu gebaut werden, am besten mit buildx für mehrere Plattformen."),
    (5, RIGHT, "German", "Abgeben muss man die Dockerfiles, die compose-Datei, das README und alle Dateien, die in die Images kopiert werden."),
    # --- short and right, other languages
    (1, RIGHT, "French", "Pour lancer le modèle sur n'importe quelle machine avec docker-compose, sans installer PyBrain ni ses versions."),
    (2, RIGHT, "French", "On remplace currentSolution.pkl dans le conteneur 2 et on reconstruit l'image knowledgebase_app07."),
    (4, RIGHT, "French", "Pour un GPU il faut une image avec CUDA et une réservation nvidia; pour ARM, platform: linux/arm64 avec buildx."),
    (2, RIGHT, "Spanish", "Hay que cambiar el archivo currentSolution.pkl y construir otra vez la imagen knowledgebase_app07."),
    (5, RIGHT, "Spanish", "Se entregan los Dockerfile, el docker-compose.yml, el README y el programa UE_07_App5.py en un zip."),
    (3, RIGHT, "Italian", "La richiesta contiene le immagini, l'URL del modello e dei dati, le variabili di ambiente e un token."),
    (4, RIGHT, "Turkish", "GPU için nvidia sürücüsü ve deploy ayarı gerekir, ARM için platform linux/arm64 seçilir."),
    # --- generic sentences on the subject without content
    (1, FILLER, "English", "This is a very interesting question about docker and its scenario. There are many aspects that one could consider here, and all of them are important in their own way. In general it can be said that it depends on what you want, and that every problem has a good solution if you think about it for long enough and with care."),
    (2, FILLER, "English", "There are a lot of things that could be changed in the model, and some that should not be changed. What exactly has to be done depends on the situation, as is so often the case. One must always think about the volume of the work and about the people who are going to use it in the end."),
    (4, FILLER, "English", "The hardware is a very important topic today, because cpu and gpu are used everywhere and everyone talks about them. It is necessary to compose a good plan before one begins. Many experts agree that the future will be very exciting and that we all have to be prepared for what is coming next."),
    (5, FILLER, "German", "Das ist eine sehr wichtige Frage, über die man lange nachdenken kann. Eine gute Datei ist immer besser als eine schlechte, und ein gutes README hat noch niemandem geschadet. Am Ende kommt es darauf an, dass alle zufrieden sind und dass die Arbeit so gemacht wurde, wie man es von uns erwartet hat."),
    (3, FILLER, "German", "Eine Anfrage kann sehr unterschiedlich sein. Manche sind gut und manche sind nicht so gut. Wichtig ist, dass man sich Gedanken über das Modell macht und dass am Ende etwas dabei herauskommt, mit dem jeder leben kann. Das haben wir in der Gruppe lange besprochen und sind dann zu einem Ergebnis gekommen."),
    (1, FILLER, "English", "Docker is good and docker is fast and docker is very good for every scenario that we have ever had in our team."),
    (2, FILLER, "Latin", "model image lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua"),
    (1, FILLER, "English", "Docker was released in 2013 and is written in Go. It is used by many companies, and it has a whale as its logo that everybody knows."),
    (2, FILLER, "English", "I would change some settings and then it works with the model that was built by us in the last weeks of the course."),
    (3, FILLER, "English", "The Internet is a network of networks, and a request is sent by a browser to a server, which then returns a page with text and pictures."),
    (5, FILLER, "English", "We submitted the work on time and hope that the tutors like it, because it was a lot of effort for the whole group."),
    (1, FILLER, "none", "blah blah docker blah blah machine blah blah version blah blah blah"),
    (4, FILLER, "none", "asdf gpu asdf compose asdf asdf qwer image qwer nvidia"),
    # --- another project
    (1, OTHER_PROJECT, "English", _FOREIGN_README),
    (2, OTHER_PROJECT, "English", _FOREIGN_README),
    (5, OTHER_PROJECT, "English", _FOREIGN_README),
    (1, OTHER_PROJECT, "English", _FOREIGN_TASK),
    (5, OTHER_PROJECT, "English", _FOREIGN_TASK),
    # --- the question repeated or turned into a statement
    (1, QUESTION_AGAIN, "English", "In what scenario can your docker-compose file be used and what problem is addressed by this?"),
    (1, QUESTION_AGAIN, "English", "The docker-compose file can be used in a scenario, and it solves the problem that is addressed by this file."),
    (2, QUESTION_AGAIN, "English", "What has to change in the docker-compose settings to apply the model that was constructed has to be changed in the settings."),
    (4, QUESTION_AGAIN, "English", "For other hardware, CPU or GPU, and other processor architectures, the docker-compose settings would have to change."),
    (3, QUESTION_AGAIN, "German", "Welche Informationen muss eine Internet-Anfrage enthalten, wenn die docker-compose-Datei automatisch erzeugt wird?"),
    (5, QUESTION_AGAIN, "German", "Die Dateien, die abgegeben werden müssen, damit die Tutoren die Arbeit bewerten können."),
    # --- keywords without a statement
    (1, KEYWORDS, "English", "docker compose container scenario deploy environment isolation volume image reproducible server library version install order"),
    (2, KEYWORDS, "English", "model pkl volume mount environment variable path copy rebuild image build command"),
    (4, KEYWORDS, "English", "gpu cpu arm arm64 x86 nvidia cuda platform deploy device resource image compose buildx driver memory limit"),
    (4, KEYWORDS, "English", "The gpu and the cpu and the arm64 and the nvidia with the cuda on the platform for the image in the compose of the device to the driver by the memory and the buildx."),
    (5, KEYWORDS, "English", "Readme, dockerfile, compose, zip, folder, file, model, data, csv, pkl, script, code, archive, repository, tutor, submit."),
    # --- no content
    (1, PLACEHOLDER, "English", "TODO"),
    (2, PLACEHOLDER, "English", "see README"),
    (3, PLACEHOLDER, "German", "Keine Ahnung, das habe ich nicht gewusst."),
    (4, PLACEHOLDER, "English", "Your answer here."),
    (5, PLACEHOLDER, "English", "Yes."),
    # --- only a person can judge it
    (1, UNREADABLE, "Chinese", "使用 docker-compose 可以在任何机器上用一个命令启动三个容器，不需要安装 PyBrain，因此解决了依赖和版本不一致的问题。"),
    (2, UNREADABLE, "Arabic", "نستبدل ملف النموذج currentSolution.pkl في الحاوية الثانية ثم نعيد بناء الصورة ونشغل الخدمات مرة أخرى."),
)  # fmt: skip
